/** A tab's side of the shared worker. */
import type { OpenNotify } from "./notify-stream";
import type { OpenStream } from "./room-stream";
import type { ToTab, ToWorker } from "./worker-messages";

type Hear = (message: ToTab) => void;

const HELLO_TIMEOUT_MS = 3_000;

export class SharedStreams {
  readonly #hear = new Map<number, Hear>();
  #lastId = 0;

  constructor(private readonly port: MessagePort) {
    port.onmessage = ({ data }: MessageEvent<ToTab>) => this.#hear.get(data.id)?.(data);
  }

  stream =
    (streamUrl: string): OpenStream =>
    (roomId, cursor, listener) =>
      this.#ask(
        (id) => ({ type: "join", id, streamUrl, roomId, cursor }),
        (message) => {
          if (message.type === "opened") listener.opened(message.opened);
          else if (message.type === "event") listener.event(message.event);
          else if (message.type === "gap") listener.gap(message.gap);
          else if (message.type === "ping") listener.ping();
          else if (message.type === "closed") listener.closed(message.graceful);
        },
      );

  notify =
    (streamUrl: string): OpenNotify =>
    (roomIds, listener) =>
      this.#ask(
        (id) => ({ type: "notify", id, streamUrl, roomIds }),
        (message) => {
          if (message.type === "updated") listener.updated(message.update);
          else if (message.type === "signal") listener.signal(message.signal, message.body);
          else if (message.type === "closed") listener.closed();
        },
      );

  /** The browser hides or unloads the tab, which may return: report all streams as closed. */
  leaveAll = (): void => {
    this.#post({ type: "leave-all" });
    const all = [...this.#hear];
    this.#hear.clear();
    for (const [id, hear] of all) hear({ id, type: "closed", graceful: true });
  };

  #ask(question: (id: number) => ToWorker, hear: Hear): () => void {
    const id = (this.#lastId += 1);
    this.#hear.set(id, (message) => {
      if (message.type === "closed") this.#hear.delete(id);
      hear(message);
    });
    this.#post(question(id));
    return () => {
      if (this.#hear.delete(id)) this.#post({ type: "leave", id });
    };
  }

  #post(message: ToWorker): void {
    this.port.postMessage(message);
  }
}

/** The worker's streams, once it has sent its first message. Null where the browser has no shared workers or forbids them:
 * in a frame of another site, some browsers report an error and some report nothing. */
export function openSharedStreams(): Promise<SharedStreams | null> {
  if (typeof SharedWorker === "undefined") return Promise.resolve(null);
  return new Promise((resolve) => {
    try {
      const worker = new SharedWorker(new URL("./stream-worker.ts", import.meta.url), {
        type: "module",
        name: "hotchat-streams",
      });
      worker.onerror = () => resolve(null);
      worker.port.onmessage = () => resolve(new SharedStreams(worker.port));
      setTimeout(() => resolve(null), HELLO_TIMEOUT_MS);
    } catch {
      resolve(null);
    }
  });
}
