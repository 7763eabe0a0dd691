/** A tab's side of the streams that all tabs share. */
import type { Clock } from "@/lib/clock";
import type { HubPort, StreamLimits, ToHub, ToTab, ToTabStream } from "./hub-messages";
import type { OpenNotify } from "./notify-stream";
import type { OpenStream } from "./room-stream";
import type { StreamSource } from "./stream-source";

export const PING_MS = 4_000;
/** After sleep, one ping may seem unanswered: the timer fires before the answer is read. */
export const UNANSWERED_MAX = 2;

type Hear = (message: ToTabStream) => void;

/** The hub is lost once it has left two pings unanswered: 12 s at most after it hangs or ends. All streams are then
 * reported as closed, and the owner finds another source. */
export class SharedStreams implements StreamSource {
  readonly #hear = new Map<number, Hear>();
  #lastId = 0;
  #unanswered = 0;
  #isLost = false;
  #cancelPing = () => {};

  constructor(
    private readonly port: HubPort,
    private readonly clock: Clock,
    private readonly limits: (streamUrl: string) => StreamLimits,
    private readonly onLost: () => void,
  ) {
    port.onmessage = ({ data }) => this.#receive(data);
    this.#ping();
  }

  stream =
    (streamUrl: string): OpenStream =>
    (roomId, cursor, listener) =>
      this.#ask(
        (id) => ({ type: "join", id, streamUrl, roomId, cursor, limits: this.limits(streamUrl) }),
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
        (id) => ({ type: "notify", id, streamUrl, roomIds, limits: this.limits(streamUrl) }),
        (message) => {
          if (message.type === "updated") listener.updated(message.update);
          else if (message.type === "signal") listener.signal(message.signal, message.body);
          else if (message.type === "closed") listener.closed();
        },
      );

  /** Leave the hub and report all streams as closed: the browser hides or unloads the tab, which may return. */
  leave(): void {
    this.port.postMessage({ type: "leave-all" });
    this.#isLost = true;
    this.#closeAll();
  }

  #receive(message: ToTab): void {
    this.#unanswered = 0;
    if (message.type === "lost") this.#lose();
    else if ("id" in message) this.#hear.get(message.id)?.(message);
  }

  #ask(question: (id: number) => ToHub, hear: Hear): () => void {
    const id = (this.#lastId += 1);
    this.#hear.set(id, (message) => {
      if (message.type === "closed") this.#hear.delete(id);
      hear(message);
    });
    this.port.postMessage(question(id));
    return () => {
      if (this.#hear.delete(id)) this.port.postMessage({ type: "leave", id });
    };
  }

  #ping(): void {
    this.port.postMessage({ type: "ping" });
    this.#cancelPing = this.clock.after(PING_MS, () => {
      if (this.#unanswered >= UNANSWERED_MAX) {
        this.#lose();
        return;
      }
      this.#unanswered += 1;
      this.#ping();
    });
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    this.onLost(); // before the streams are reported, so that they are opened elsewhere
    this.#closeAll();
  }

  #closeAll(): void {
    this.#cancelPing();
    const all = [...this.#hear];
    this.#hear.clear();
    for (const [id, hear] of all) hear({ id, type: "closed", graceful: true });
  }
}
