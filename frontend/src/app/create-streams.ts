import { openChannel } from "@/lib/broadcast-channel";
import type { Clock } from "@/lib/clock";
import { BrowserStreams } from "@/lib/stream/browser-streams";
import { connectWorker } from "@/lib/stream/connect-worker";
import { streamLimits } from "@/lib/stream/hub-messages";
import type { LeadingTab } from "@/lib/stream/leading-tab";
import { eventSources } from "@/lib/stream/stream-source";

const CHANNEL = "hotchat-streams";

/** The streams of this tab, shared with the browser's other tabs. */
export function createStreams(streamUrl: () => Promise<string>, clock: Clock): BrowserStreams {
  const streams = new BrowserStreams({
    streamUrl,
    limits: (url) => streamLimits(isMultiplexed(), new URL(url).host === location.host),
    connectWorker,
    loadLeadingTab: () => loadLeadingTab(clock),
    unshared: eventSources,
    clock,
  });
  streams.prepare();
  window.addEventListener("pagehide", streams.leave);
  return streams;
}

/** Rejects if its file cannot be loaded. */
async function loadLeadingTab(clock: Clock): Promise<LeadingTab | null> {
  const channel = openChannel(CHANNEL);
  if (channel === null) return null;
  const { LeadingTab } = await import("@/lib/stream/leading-tab");
  const tabId = crypto.getRandomValues(new Uint32Array(2)).join("-");
  return new LeadingTab({ channel, tabId, upstream: eventSources, clock, random: Math.random });
}

/** HTTP/2 and HTTP/3 carry many streams over one connection. */
function isMultiplexed(): boolean {
  const [load] = performance.getEntriesByType("navigation") as PerformanceNavigationTiming[];
  return load?.nextHopProtocol === "h2" || load?.nextHopProtocol === "h3";
}
