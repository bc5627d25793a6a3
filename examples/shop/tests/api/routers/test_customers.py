"""Customers over HTTP."""

from uuid import uuid4

import httpx
import pytest

from shop.models import Customer
from tests.conftest import Store
from tests.factories import CustomerBody, CustomerFactory

SHOWN = {"id", "email", "name", "created_at", "updated_at"}


async def test_registers_a_customer(client: httpx.AsyncClient) -> None:
    """The answer holds the customer, and the address in lower case."""
    body = {"email": "Ada.Lovelace@Example.com", "name": "Ada Lovelace"}

    created = await client.post("/customers", json=body)

    assert created.status_code == 201
    assert created.json()["email"] == "ada.lovelace@example.com"
    assert (await client.get(created.headers["Location"])).json() == created.json()


async def test_a_retry_with_its_key_registers_once(client: httpx.AsyncClient) -> None:
    """It is given the same bytes and the same place; another key meets the first customer."""
    body = {"email": "ada@example.com", "name": "Ada Lovelace"}
    headers = {"Idempotency-Key": str(uuid4())}

    first = await client.post("/customers", json=body, headers=headers)
    again = await client.post("/customers", json=body, headers=headers)
    other = await client.post("/customers", json=body, headers={"Idempotency-Key": str(uuid4())})

    assert (first.status_code, again.status_code, other.status_code) == (201, 201, 409)
    assert again.content == first.content
    assert again.headers["Location"] == first.headers["Location"]
    assert other.json()["errors"][0]["location"] == ["body", "email"]
    assert len((await client.get("/customers")).json()["items"]) == 1


async def test_never_shows_what_is_internal(client: httpx.AsyncClient, customer: Customer) -> None:
    """Notes of the staff and the date of deletion stay inside."""
    one = await client.get(f"/customers/{customer.id}")
    page = await client.get("/customers")

    assert set(one.json()) == SHOWN
    assert page.json()["items"] == [one.json()]
    assert "Pays late" not in one.text + page.text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no address"),
        ("email", "a@b"),
        ("email", f"{'a' * 250}@example.com"),
        ("email", None),
        ("name", ""),
        ("name", "x" * 101),
        ("internal_note", "hello"),
        ("role", "admin"),
    ],
)
async def test_refuses_what_the_schema_does_not_allow(
    client: httpx.AsyncClient, field: str, value: object
) -> None:
    """Wrong values and fields that a client may not set are told by name."""
    body = CustomerBody.build().model_dump(mode="json") | {field: value}

    response = await client.post("/customers", json=body)

    assert response.status_code == 422
    assert [each["location"] for each in response.json()["errors"]] == [["body", field]]


async def test_an_address_is_taken_once(client: httpx.AsyncClient, customer: Customer) -> None:
    """The same address in other letters is the same address."""
    body = CustomerBody.build(email=customer.email.upper()).model_dump(mode="json")

    response = await client.post("/customers", json=body)

    assert response.status_code == 409
    assert response.json()["errors"][0]["location"] == ["body", "email"]


async def test_changing_to_a_taken_address_is_a_conflict(
    client: httpx.AsyncClient, customer: Customer, store: Store
) -> None:
    """PATCH meets the same rule as POST."""
    other = CustomerFactory.build()
    await store(other)

    response = await client.patch(f"/customers/{customer.id}", json={"email": other.email})

    assert response.status_code == 409
    assert (await client.get(f"/customers/{customer.id}")).json()["email"] == customer.email


async def test_changes_only_the_fields_sent(client: httpx.AsyncClient, customer: Customer) -> None:
    """A PATCH leaves alone what it does not name."""
    response = await client.patch(f"/customers/{customer.id}", json={"name": "Countess Ada"})

    assert response.status_code == 200
    assert response.json()["name"] == "Countess Ada"
    assert response.json()["email"] == customer.email


@pytest.mark.parametrize("field", ["email", "name"])
async def test_null_is_no_value_of_a_required_column(
    client: httpx.AsyncClient, customer: Customer, field: str
) -> None:
    """Left out is fine, null is not."""
    response = await client.patch(f"/customers/{customer.id}", json={field: None})

    assert response.status_code == 422
    assert response.json()["code"] == "invalid_request"


async def test_a_deleted_customer_is_gone_and_the_address_free(
    client: httpx.AsyncClient, customer: Customer
) -> None:
    """DELETE hides the customer and lets somebody else register the address."""
    assert (await client.delete(f"/customers/{customer.id}")).status_code == 204

    assert (await client.get(f"/customers/{customer.id}")).status_code == 404
    assert (await client.delete(f"/customers/{customer.id}")).status_code == 404
    again = CustomerBody.build(email=customer.email).model_dump(mode="json")
    assert (await client.post("/customers", json=again)).status_code == 201


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
async def test_an_unknown_customer_is_not_found(client: httpx.AsyncClient, method: str) -> None:
    """An id that nobody has is 404 for each method."""
    body = {"name": "Other"} if method == "PATCH" else None

    response = await client.request(method, f"/customers/{uuid4()}", json=body)

    assert response.status_code == 404


async def test_filters_and_sorts(client: httpx.AsyncClient, store: Store) -> None:
    """By exact address, by part of the name, in the order of names."""
    ada, alan = CustomerFactory.build(name="Ada"), CustomerFactory.build(name="Alan")
    await store(alan, ada)

    async def names(**query: str) -> list[str]:
        response = await client.get("/customers", params=query)
        return [item["name"] for item in response.json()["items"]]

    assert await names(sort="name") == ["Ada", "Alan"]
    assert await names(sort="-name") == ["Alan", "Ada"]
    assert await names(name="LA") == ["Alan"]
    assert await names(email=ada.email) == ["Ada"]


async def test_an_unknown_filter_is_told_what_was_meant(client: httpx.AsyncClient) -> None:
    """A misspelt filter is refused rather than ignored."""
    response = await client.get("/customers?emial=ada@example.com")

    assert response.status_code == 422
    assert "did you mean 'email'" in response.text
