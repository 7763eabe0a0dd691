/** The shared worker: it opens each stream once for all tabs of this browser. */
import { eventSourceStream } from "./event-source-stream";
import { NotifyHub } from "./notify-hub";
import { eventSourceNotify } from "./notify-stream";
import { StreamHub } from "./stream-hub";
import type { ToTab, ToWorker } from "./worker-messages";

declare const self: { onconnect: ((event: MessageEvent) => void) | null };

const hubs = new Map<string, StreamHub>();

function hubOf(streamUrl: string): StreamHub {
  const hub = hubs.get(streamUrl) ?? new StreamHub(eventSourceStream(streamUrl, EventSource));
  hubs.set(streamUrl, hub);
  return hub;
}

const notifyHubs = new Map<string, NotifyHub>();

function notifyHubOf(streamUrl: string): NotifyHub {
  const hub = notifyHubs.get(streamUrl) ?? new NotifyHub(eventSourceNotify(streamUrl, EventSource));
  notifyHubs.set(streamUrl, hub);
  return hub;
}

self.onconnect = (event) => {
  const [port] = event.ports;
  if (port === undefined) return;
  const leave = new Map<number, () => void>();
  const tell = (message: ToTab) => port.postMessage(message);
  port.postMessage("hello");
  port.onmessage = ({ data }: MessageEvent<ToWorker>) => {
    switch (data.type) {
      case "join": {
        const { id } = data;
        const left = hubOf(data.streamUrl).join(data.roomId, data.cursor, {
          opened: (opened) => tell({ id, type: "opened", opened }),
          event: (each) => tell({ id, type: "event", event: each }),
          gap: (gap) => tell({ id, type: "gap", gap }),
          ping: () => tell({ id, type: "ping" }),
          closed: (graceful) => {
            leave.delete(id);
            tell({ id, type: "closed", graceful });
          },
        });
        leave.set(id, left);
        break;
      }
      case "notify": {
        const { id } = data;
        const left = notifyHubOf(data.streamUrl).join(data.roomIds, {
          updated: (update) => tell({ id, type: "updated", update }),
          signal: (signal, body) => tell({ id, type: "signal", signal, body }),
          closed: () => {
            leave.delete(id);
            tell({ id, type: "closed", graceful: false });
          },
        });
        leave.set(id, left);
        break;
      }
      case "leave":
        leave.get(data.id)?.();
        leave.delete(data.id);
        break;
      case "leave-all":
        for (const each of leave.values()) each();
        leave.clear();
    }
  };
};
