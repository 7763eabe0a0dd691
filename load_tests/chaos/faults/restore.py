"""Postgres is restored from a backup: browsers hold cursors above its newest seq."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from load_tests.chaos.crowd import Crowd
from load_tests.chaos.fault import FaultList
from load_tests.chaos.system import ROOT, System

FAULTS = FaultList()

LOST_ERA_S: Final = 3.0
RAISED_BY: Final = 1_000_000


@FAULTS.add("Postgres restored from a backup", is_mixable=False)
async def restore(system: System, crowd: Crowd) -> None:
    """Writes between the backup and the restore are lost by definition. No other write may be lost."""
    backup = system.folder / "backup"
    await crowd.quiet()
    heads = await crowd.heads()
    await asyncio.to_thread(system.postgres.stop)
    await asyncio.to_thread(_copy, system.postgres.data_dir, backup)
    await asyncio.to_thread(system.postgres.start)
    crowd.write_on()
    await asyncio.sleep(LOST_ERA_S)
    await crowd.quiet()
    await system.stop_servers()
    await asyncio.to_thread(system.postgres.stop)
    await asyncio.to_thread(_copy, backup, system.postgres.data_dir)
    await asyncio.to_thread(system.postgres.start)
    await asyncio.to_thread(_advance_seqs, system)
    crowd.start_after({room_id: head + RAISED_BY for room_id, head in heads.items()})
    await system.start_servers()
    crowd.write_on()


def _copy(source: Path, target: Path) -> None:
    """Copies owners and permissions too, because Postgres checks them."""
    shutil.rmtree(target, ignore_errors=True)
    subprocess.run(["cp", "-a", source, target], check=True)


def _advance_seqs(system: System) -> None:
    command = [sys.executable, "-m", "chat_server.after_restore"]
    subprocess.run(command, check=True, env=dict(system.env), cwd=ROOT, capture_output=True)
