"""A busy room in chromium: long tasks, frames while scrolling, key to paint, rows in the DOM, and the heap."""

import asyncio
import time
from statistics import median

from playwright.async_api import CDPSession, Page

from load_tests.bench.frontend_replay import WINDOW_PX, replay
from load_tests.bench.leak_check import WARM_UP_SHARE, growth
from load_tests.bench.outcome import Better, Outcome, Row, Series
from load_tests.bench.scale import Scale
from load_tests.bench.stores import Stores

MESSAGES_PER_S = 200
KEYS = 100
KEY_EVERY_S = 0.1
HEAP_S = 600
HEAP_SAMPLES = 60
SHORTEST_REPORTED_MS = 16  # the browser reports no shorter event
MIB = 2**20

_WATCH = """() => {
    const seen = window.seen = {tasks: [], keys: new Map(), rows: 0, frames: 0, fromMs: performance.now()};
    new PerformanceObserver(list => {
        for (const task of list.getEntries()) seen.tasks.push(task.duration);
    }).observe({type: 'longtask'});
    new PerformanceObserver(list => {
        for (const event of list.getEntries()) {
            if (!event.interactionId || !event.name.startsWith('key')) continue;
            const before = seen.keys.get(event.interactionId) ?? 0;
            seen.keys.set(event.interactionId, Math.max(before, event.duration));
        }
    }).observe({type: 'event', durationThreshold: 16});
    requestAnimationFrame(function frame() {
        seen.frames += 1;
        seen.rows = Math.max(seen.rows, document.querySelectorAll('article').length);
        requestAnimationFrame(frame);
    });
}"""


async def run(_stores: Stores, scale: Scale) -> Outcome:
    async with replay(messages_per_s=MESSAGES_PER_S) as room:
        page = await room.fresh_page()
        await page.goto(room.base_url)
        await page.locator("[data-testid=status-heat]:not(:empty)").wait_for()
        await asyncio.sleep(scale.settle_s)
        await page.evaluate(_WATCH)
        await asyncio.sleep(scale.window_s)
        frames_per_s = await _frames_while_scrolling(page, scale.window_s)
        await page.locator("[data-testid=new-chip]").click()
        keys = await _key_to_paint(page, scale.of(KEYS, least=5))
        tasks: list[float] = await page.evaluate("() => window.seen.tasks")
        rows: int = await page.evaluate("() => window.seen.rows")
        slowed = await page.locator("[data-testid=status-heat]").inner_text()
        heap = await _heap(page, scale.of(HEAP_S, least=2), scale.of(HEAP_SAMPLES, least=4))
    steady = median(heap[int(len(heap) * WARM_UP_SHARE) :])
    what = f"page at {MESSAGES_PER_S} messages/s"
    series = Series("heap", what, "share of the run", "MiB", [i / len(heap) for i in range(len(heap))], heap)
    return Outcome(
        [
            Row(
                f"{what}: longest task of the main thread",
                max(tasks, default=0.0),
                "ms",
                Better.LOWER,
                goal=100 if scale.is_full else None,
                note=f"{len(tasks)} tasks of 50 ms or more; the page was read, scrolled and typed in; "
                f"chromium without a GPU; the page showed “{slowed}”",
            ),
            Row(
                f"{what}: frames while scrolling",
                frames_per_s,
                "/s",
                Better.HIGHER,
                goal=50 if scale.is_full else None,
            ),
            Row(
                f"{what}: key to paint in the composer, p98",
                _share(keys, 0.98),
                "ms",
                Better.LOWER,
                goal=50 if scale.is_full else None,
                note=f"{len(keys)} keys, longest {max(keys):.0f} ms, p50 {median(keys):.0f} ms; "
                f"shorter times count as {SHORTEST_REPORTED_MS} ms",
            ),
            Row(
                f"{what}: most message rows in the page",
                rows,
                "rows",
                Better.LOWER,
                goal=199 if scale.is_full else None,
            ),
            Row(
                f"{what}: growth of the heap over {scale.of(HEAP_S, least=2) / 60:.3g} minutes",
                100 * growth(heap) / steady,
                "%",
                Better.LOWER,
                goal=5 if scale.is_full else None,
                note=f"{steady:.1f} MiB after garbage collection; "
                f"the last quarter compared with the quarter after the warm-up of {WARM_UP_SHARE:.0%}",
            ),
        ],
        [series],
    )


async def _frames_while_scrolling(page: Page, seconds: float) -> float:
    """Scroll back through the room with the wheel, and forward again."""
    await page.mouse.move(WINDOW_PX[0] / 2, WINDOW_PX[1] / 2)
    before: int = await page.evaluate(
        "() => { window.seen.fromMs = performance.now(); return window.seen.frames; }"
    )
    until = time.monotonic() + seconds
    turn = 0
    while time.monotonic() < until:
        turn += 1
        await page.mouse.wheel(0, -120 if turn % 40 < 30 else 240)
    frames, lasted_ms = await page.evaluate(
        "() => [window.seen.frames, performance.now() - window.seen.fromMs]"
    )
    return (frames - before) / lasted_ms * 1_000  # type: ignore[no-any-return]


async def _key_to_paint(page: Page, keys: int) -> list[float]:
    """Milliseconds from each key to the frame that shows it, from the browser's event timing."""
    await page.mouse.move(WINDOW_PX[0] / 2, 10)
    field = page.locator("textarea")
    await field.focus()
    for _ in range(keys):
        await page.keyboard.press("a")
        await asyncio.sleep(KEY_EVERY_S)
    reported: list[float] = await page.evaluate("() => [...window.seen.keys.values()]")
    return [*reported, *[SHORTEST_REPORTED_MS] * (keys - len(reported))]


async def _heap(page: Page, seconds: float, samples: int) -> list[float]:
    """MiB in use after garbage collection, sampled evenly over this time."""
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable")
    values = []
    for _ in range(samples):
        await asyncio.sleep(seconds / samples)
        values.append(await _heap_mib(devtools))
    return values


async def _heap_mib(devtools: CDPSession) -> float:
    await devtools.send("HeapProfiler.collectGarbage")
    metrics = (await devtools.send("Performance.getMetrics"))["metrics"]
    return float(next(metric["value"] for metric in metrics if metric["name"] == "JSHeapUsedSize")) / MIB


def _share(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
