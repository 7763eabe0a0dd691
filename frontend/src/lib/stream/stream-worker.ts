/** The shared worker: opens each stream once for all tabs of the browser. */
import { browserClock } from "@/lib/clock";
import type { ToHub } from "./hub-messages";
import { HubServer } from "./hub-server";
import { eventSources } from "./stream-source";

declare const self: { onconnect: ((event: MessageEvent) => void) | null };

const server = new HubServer(eventSources, browserClock);

self.onconnect = (event) => {
  const [port] = event.ports;
  if (port === undefined) return;
  const receive = server.connect((message) => port.postMessage(message));
  port.onmessage = ({ data }: MessageEvent<ToHub>) => receive(data);
};
