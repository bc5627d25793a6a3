"""The payment provider, as a process."""

import asyncio
import contextlib
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from shop.development import payment_provider


def body(**more: Any) -> dict[str, Any]:
    """Return the body of a charge for something new."""
    return {"amount": "19.90", "card": "tok_visa", "reference": str(uuid4())} | more


async def charge(
    provider: httpx.AsyncClient, body: dict[str, Any], key: str | None = None
) -> httpx.Response:
    """Ask for a charge."""
    headers = {"Idempotency-Key": key or str(uuid4())}
    return await provider.post("/charges", json=body, headers=headers)


async def charges(provider: httpx.AsyncClient, body: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what was charged for it."""
    found = (await provider.get("/charges", params={"reference": body["reference"]})).json()
    return [each for each in found if "id" in each]


async def test_a_key_is_charged_once(provider: httpx.AsyncClient) -> None:
    """However often and however much at once: the same answer each time."""
    asked, key = body(), str(uuid4())
    answers = await asyncio.gather(*(charge(provider, asked, key) for _ in range(20)))
    assert {each.status_code for each in answers} == {201}
    assert len({each.content for each in answers}) == 1
    assert sum("Idempotent-Replayed" in each.headers for each in answers) == 19
    assert [Decimal(each["amount"]) for each in await charges(provider, asked)] == [
        Decimal("19.90")
    ]


async def test_a_key_is_for_one_thing(provider: httpx.AsyncClient) -> None:
    """Another amount under it is a mistake of the caller."""
    asked, key = body(), str(uuid4())
    await charge(provider, asked, key)
    refused = await charge(provider, asked | {"amount": "1.00"}, key)
    assert (refused.status_code, refused.json()["code"]) == (422, "key_reused")


async def test_a_declined_card_stays_declined(provider: httpx.AsyncClient) -> None:
    """Under that key; nothing was charged."""
    asked, key = body(card="tok_declined"), str(uuid4())
    for _ in range(2):
        refused = await charge(provider, asked, key)
        assert (refused.status_code, refused.json()["code"]) == (402, "card_declined")
    assert await charges(provider, asked) == []


async def test_a_bad_day_charges_nothing(provider: httpx.AsyncClient) -> None:
    """And the next one does."""
    asked, key = body(), str(uuid4())
    await provider.post("/trouble", json={"kind": "fail"})
    assert (await charge(provider, asked, key)).status_code == 500
    assert await charges(provider, asked) == []
    assert (await charge(provider, asked, key)).status_code == 201


async def test_a_lost_reply_has_charged(provider: httpx.AsyncClient) -> None:
    """The caller hears nothing at all, and is told the same charge when it asks again."""
    asked, key = body(), str(uuid4())
    await provider.post("/trouble", json={"kind": "lose_reply"})
    with pytest.raises(httpx.RemoteProtocolError):
        await charge(provider, asked, key)
    (made,) = await charges(provider, asked)
    assert (await charge(provider, asked, key)).json()["id"] == made["id"]


async def test_a_slow_day_charges_although_nobody_waits(provider: httpx.AsyncClient) -> None:
    """The caller's deadline is not the provider's."""
    asked, key = body(), str(uuid4())
    await provider.post("/trouble", json={"kind": "slow", "seconds": 1})
    with pytest.raises(httpx.ReadTimeout):
        await provider.post("/charges", json=asked, headers={"Idempotency-Key": key}, timeout=0.2)
    (made,) = await charges(provider, asked)
    assert (await charge(provider, asked, key)).json()["id"] == made["id"]


@pytest.mark.parametrize(
    "wrong", [{"amount": "0"}, {"amount": "1.001"}, {"card": "4242"}, {"reference": ""}, {"x": 1}]
)
async def test_nonsense_is_refused(provider: httpx.AsyncClient, wrong: dict[str, Any]) -> None:
    """Before a key is spent on it; without a key nothing is charged either."""
    key = str(uuid4())
    assert (await charge(provider, body() | wrong, key)).status_code == 422
    assert (await charge(provider, body(), key)).status_code == 201
    assert (await provider.post("/charges", json=body())).status_code == 422


async def test_a_file_outlasts_it(tmp_path: Path) -> None:
    """What was charged yesterday is not charged again today."""
    asked, key, made = body(), str(uuid4()), []
    for _ in range(2):
        with payment_provider(tmp_path / "payments.db") as url:
            async with httpx.AsyncClient(base_url=url) as client:
                made.append((await charge(client, asked, key)).json()["id"])
    assert made[0] == made[1]


STARTED_BY = """
import sys, time
from shop.development import payment_provider
with payment_provider() as url:
    print(url, flush=True)
    time.sleep(600)
"""


async def test_it_ends_with_who_started_it() -> None:
    """Killed, nobody can clean up: the provider notices by itself."""
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STARTED_BY), stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    url = httpx.URL((await parent.stdout.readline()).decode().strip())
    reader, writer = await asyncio.open_connection(url.host, url.port)
    parent.kill()
    await parent.wait()
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionResetError):
            await reader.read()
    writer.close()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(url.host, url.port)
