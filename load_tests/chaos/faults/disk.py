"""Postgres on a small file system that fills up: first no space for tables, then none for its log."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path
from typing import Final

from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.system import System

FAULTS = FaultList()

SPARE_BYTES: Final = 96 * 2**20
FULL_S: Final = 5.0
PIECE: Final = bytes(2**20)
SWITCHES: Final = 12
"""Postgres keeps a few empty log segments ready; it needs a new one only after these are used up."""


def cannot_mount() -> str | None:
    """The reason why this machine cannot run the fault, or None."""
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return "only root can mount a small file system"
    probe = subprocess.run(
        ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"], capture_output=True, check=False
    )
    return None if probe.returncode == 0 else "this machine does not allow mounts"


@FAULTS.add("Postgres' disk is full", is_mixable=False, missing=cannot_mount)
async def full_disk(system: System, crowd: Crowd) -> None:
    """Move Postgres to the small file system without load, then fill it under load until Postgres stops."""
    await crowd.quiet()
    await asyncio.to_thread(_move, system)
    crowd.write_on()
    await _post_answered(crowd)
    ballast = system.postgres.data_dir / "ballast"
    await asyncio.to_thread(_fill, ballast)
    try:
        await asyncio.sleep(FULL_S)
        ended = await asyncio.to_thread(_use_up_log, system)
        await asyncio.sleep(FULL_S)
    finally:
        ballast.unlink()
    system.remarks.append(
        "Postgres " + ("stopped for lack of space" if ended else "stayed up") + " and runs again"
    )
    await asyncio.to_thread(_bring_back, system)


async def _post_answered(crowd: Crowd) -> None:
    """Resume the load before anything is broken."""
    async with asyncio.timeout(30):
        before = len(crowd.ledger.answered)
        while len(crowd.ledger.answered) < before + 100:
            await asyncio.sleep(0.05)


def _move(system: System) -> None:
    """Move the data to a tmpfs mounted over the data folder. Unmounted at the end of the run, with its content."""
    data, disk = system.postgres.data_dir, system.postgres.data_dir.with_name("postgres-on-disk")
    system.postgres.stop()
    if not data.is_mount():
        shutil.rmtree(disk, ignore_errors=True)
        data.rename(disk)
        data.mkdir(mode=0o700)
        used = sum(path.stat().st_size for path in disk.rglob("*") if path.is_file())
        size = f"size={used + SPARE_BYTES}"
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"{size},mode=700", "tmpfs", data], check=True)
        system.leftovers.callback(_unmount, data)
        subprocess.run(["cp", "-a", f"{disk}/.", data], check=True)
        shutil.rmtree(disk)
    system.postgres.start()


def _unmount(data: Path) -> None:
    subprocess.run(["umount", "-l", data], check=False)


def _fill(ballast: Path) -> None:
    """Write until the file system is full."""
    with ballast.open("wb", buffering=0) as file:
        for piece in (PIECE, PIECE[:4096]):
            try:
                while True:
                    file.write(piece)
            except OSError:
                continue


def _use_up_log(system: System) -> bool:
    """True if Postgres stopped because of it."""
    for _ in range(SWITCHES):
        try:
            system.postgres.psql(
                "SELECT pg_logical_emit_message(true, 'chaos', repeat('x', 1000)), pg_switch_wal()"
            )
        except subprocess.CalledProcessError:
            return True
    return False


def _bring_back(system: System) -> None:
    """Postgres restarts by itself after a crash. If even that needs space, it ends and a supervisor starts it."""
    system.postgres.stop()
    system.postgres.start()
