"""The disk below the database is full, until somebody makes room."""

from __future__ import annotations

import asyncio
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from chaos.faults.postgres import RECOVERY
from chaos.faults.receipts import check_receipts
from chaos.postgres import running
from chaos.shop import Shop, open_shop, prepare
from chaos.stage import Fault, Stage, Tally

SIZE: Final = "320m"
FULL: Final = 6.0
"""Seconds for which there is no room."""
_PIECE: Final = bytes(1024 * 1024)


async def run(stage: Stage, runs: int) -> Tally:
    """Fill a small disk with PostgreSQL on it under load, then make room again."""
    tally = Tally()
    try:
        with _small_disk() as disk:
            await _run_on(stage, disk, runs=runs, tally=tally)
    except (OSError, subprocess.CalledProcessError) as error:
        tally.skipped = f"no small disk can be mounted here ({error}); it takes root"
    return tally


async def _run_on(stage: Stage, disk: Path, *, runs: int, tally: Tally) -> None:
    with running(disk / "postgres") as postgres:
        await prepare(postgres)
        async with open_shop(replace(stage, postgres=postgres), "disk_full", workers=1) as shop:
            done = asyncio.Event()
            buying = asyncio.create_task(shop.buyer.shop(done))
            for _ in range(runs):
                await _fill_and_free(shop, disk, tally)
            done.set()
            await buying
            tally.violations += await shop.check()
            tally.violations += await shop.check_pool()
            tally.violations += await check_receipts(shop, tally)
            tally.note(f"{shop.buyer.bought} orders")


async def _fill_and_free(shop: Shop, disk: Path, tally: Tally) -> None:
    filler = disk / "filler"
    await asyncio.sleep(1)
    try:
        await asyncio.to_thread(_fill, filler)
        await asyncio.sleep(FULL)
    finally:
        filler.unlink(missing_ok=True)
    await shop.postgres.wait(shop.name)
    seconds = await shop.recovery()
    tally.runs += 1
    tally.slowest(seconds)
    if seconds > RECOVERY:
        tally.violations.append(f"recovered after {seconds:.1f} s, more than {RECOVERY:g} s")


def _fill(filler: Path) -> None:
    """Write until there is no room, down to the last block."""
    with filler.open("wb", buffering=0) as file:
        for piece in (_PIECE, _PIECE[:4096]):
            try:
                while True:
                    file.write(piece)
            except OSError:
                continue


@contextmanager
def _small_disk() -> Iterator[Path]:
    """Mount a disk in memory; raises where that is not allowed."""
    if os.geteuid() != 0:
        raise PermissionError("not root")
    place = Path(tempfile.mkdtemp(prefix="fastgres-chaos-"))
    try:
        options = f"size={SIZE},mode=0755"
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(place)]
        subprocess.run(mount, check=True, capture_output=True)  # noqa: S603 - our own arguments
        try:
            yield place
        finally:
            subprocess.run(["umount", "--lazy", str(place)], check=True)  # noqa: S603, S607 - likewise
    finally:
        place.rmdir()


FAULT: Final = Fault(
    name="disk_full",
    what=f"the disk of the database full for {FULL:g} s under load",
    invariant="only 503 meanwhile, nothing acknowledged is lost, orders again once there is room",
    full=5,
    quick=1,
    run=run,
    planted=("errors-unnamed",),
)
