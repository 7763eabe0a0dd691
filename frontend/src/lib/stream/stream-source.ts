import { eventSourceStream } from "./event-source-stream";
import { eventSourceNotify, type OpenNotify } from "./notify-stream";
import type { OpenStream } from "./room-stream";

/** Opens the streams of a publish_server. */
export interface StreamSource {
  stream(streamUrl: string): OpenStream;
  notify(streamUrl: string): OpenNotify;
}

/** Each stream has its own connection. */
export const eventSources: StreamSource = {
  stream: (streamUrl) => eventSourceStream(streamUrl, EventSource),
  notify: (streamUrl) => eventSourceNotify(streamUrl, EventSource),
};
