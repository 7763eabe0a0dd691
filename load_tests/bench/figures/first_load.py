"""The first visit with an empty cache: bytes of JavaScript, and the time until the room can be read and written to."""

from dataclasses import dataclass
from statistics import median

from load_tests.bench.built_frontend import first_scripts, gzipped_bytes
from load_tests.bench.frontend_replay import Replay, replay
from load_tests.bench.outcome import Better, Outcome, Row
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores
from local_stack.frontend_build import DIST

VISITS = 5
JAVASCRIPT_KB = 182


@dataclass(frozen=True)
class Network:
    """A profile of the developer tools. Source: chrome-devtools-frontend, NetworkManager.ts."""

    name: str
    bytes_per_s_down: float
    bytes_per_s_up: float
    latency_ms: float
    usable_within_s: float


# "Fast 3G" is now called "Slow 4G".
NETWORKS = (
    Network("Fast 4G", 9e6 / 8 * 0.9, 1.5e6 / 8 * 0.9, 60 * 2.75, 1.5),
    Network("Fast 3G", 1.6e6 / 8 * 0.9, 750e3 / 8 * 0.9, 150 * 3.75, 4.0),
)

# Usable: the newest messages and the composer are shown.
_USABLE = """() => {
    const look = () => {
        if (document.querySelector('article') && document.querySelector('textarea')) {
            requestAnimationFrame(() => { window.usableMs ??= performance.now(); });
        } else requestAnimationFrame(look);
    };
    look();
}"""


async def run(_stores: Stores, scale: Scale) -> Outcome:
    async with replay(messages_per_s=0) as room:
        visits = scale.of(VISITS, least=1)
        scripts = first_scripts(DIST)
        rows = [
            Row(
                "first room: JavaScript, gzipped",
                gzipped_bytes(scripts) / 1_000,
                "KB",
                Better.LOWER,
                goal=JAVASCRIPT_KB,
                note=f"{len(scripts)} files; the rest is loaded on demand",
            )
        ]
        for network in NETWORKS:
            times = [await _usable_after_s(room, network) for _ in range(visits)]
            rows.append(
                Row(
                    f"first room on {network.name}: usable after",
                    median(times),
                    "s",
                    Better.LOWER,
                    goal=network.usable_within_s if scale.is_full else None,
                    note=f"median of {visits} visits with an empty cache, longest {max(times):.2f} s",
                )
            )
    return Outcome(rows)


async def _usable_after_s(room: Replay, network: Network) -> float:
    page = await room.fresh_page()
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Network.enable")
    await devtools.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": network.latency_ms,
            "downloadThroughput": network.bytes_per_s_down,
            "uploadThroughput": network.bytes_per_s_up,
        },
    )
    await page.add_init_script(f"({_USABLE})()")
    await page.goto(room.base_url, wait_until="commit")
    usable = await page.wait_for_function("() => window.usableMs", timeout=60_000)
    usable_ms: float = await usable.json_value()
    await page.context.close()
    return usable_ms / 1_000
