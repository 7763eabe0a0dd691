"""The CPU seconds and the resident memory of a process."""

import re
import subprocess
import time
from dataclasses import dataclass

import psutil


@dataclass(frozen=True)
class Use:
    cpu_s: float
    at_s: float
    rss_bytes: int

    def cpu_share_since(self, earlier: "Use") -> float:
        """The share of one core."""
        return (self.cpu_s - earlier.cpu_s) / max(self.at_s - earlier.at_s, 1e-9)


def use_of(*pids: int) -> Use:
    """The current use of processes with all their children. Raises psutil.NoSuchProcess."""
    roots = [psutil.Process(pid) for pid in pids]
    processes = [one for root in roots for one in (root, *root.children(recursive=True))]
    times = [process.cpu_times() for process in processes]
    return Use(
        cpu_s=sum(one.user + one.system for one in times),
        at_s=time.monotonic(),
        rss_bytes=sum(process.memory_info().rss for process in processes),
    )


def kernel_bytes_of_port(port: int) -> int:
    """The kernel's buffer memory on the server's side of all connections to `port`: received, queued to be sent,
    reserved, in options and backlog. Source: ss(8), "skmem". Raises FileNotFoundError without `ss` (iproute2)."""
    listing = subprocess.run(
        ["ss", "-tmnH", "sport", "=", f":{port}"], check=True, capture_output=True, text=True
    ).stdout
    fields = re.findall(r"skmem:\(r(\d+),rb\d+,t\d+,tb\d+,f(\d+),w(\d+),o(\d+),bl(\d+)", listing)
    return sum(sum(map(int, one)) for one in fields)
