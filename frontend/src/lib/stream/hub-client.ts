/** A tab's side of the shared streams: sends requests to the hub and passes its messages to the listeners. */
import type { Clock } from "@/lib/clock";
import type { HubPort, StreamLimits, ToHub, ToTab, ToTabStream } from "./hub-messages";
import type { OpenNotify } from "./notify-stream";
import type { OpenStream } from "./room-stream";
import type { StreamSource } from "./stream-source";

export const PING_MS = 4_000;
/** One ping may seem unanswered when the computer wakes up: the timer can fire before the response is read. */
export const UNANSWERED_MAX = 2;

type Receiver = (message: ToTabStream) => void;

/** The hub is lost once it leaves two pings unanswered, at most 12 s after it hangs or ends. All streams are then reported
 * as closed, and the owner of this object connects to another source. */
export class HubClient implements StreamSource {
  readonly #receivers = new Map<number, Receiver>();
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
    (roomId, cursor, listener, options = {}) =>
      this.#request(
        (id) => ({ type: "join", id, streamUrl, roomId, cursor, ...options, limits: this.limits(streamUrl) }),
        (message) => {
          if (message.type === "opened") listener.opened(message.opened);
          else if (message.type === "event") listener.event(message.event);
          else if (message.type === "gap") listener.gap(message.gap);
          else if (message.type === "skipped") listener.skipped(message.run);
          else if (message.type === "ping") listener.ping();
          else if (message.type === "closed")
            listener.closed(message.graceful, message.reason, message.place);
        },
      );

  notify =
    (streamUrl: string): OpenNotify =>
    (roomIds, listener, ticket) =>
      this.#request(
        (id) => ({ type: "notify", id, streamUrl, roomIds, ticket, limits: this.limits(streamUrl) }),
        (message) => {
          if (message.type === "updated") listener.updated(message.update);
          else if (message.type === "signal") listener.signal(message.signal, message.body);
          else if (message.type === "ping") listener.ping();
          else if (message.type === "closed") listener.closed();
        },
      );

  /** Leave the hub and report all streams as closed, because the browser hides or unloads the tab. */
  leave(): void {
    this.port.postMessage({ type: "leave-all" });
    this.#isLost = true;
    this.#closeAll();
  }

  #receive(message: ToTab): void {
    this.#unanswered = 0;
    if (message.type === "lost") this.#lose();
    else if ("id" in message) this.#receivers.get(message.id)?.(message);
  }

  /** Send the request to the hub. The returned function leaves the stream. */
  #request(withId: (id: number) => ToHub, receive: Receiver): () => void {
    const id = (this.#lastId += 1);
    this.#receivers.set(id, (message) => {
      if (message.type === "closed") this.#receivers.delete(id);
      receive(message);
    });
    this.port.postMessage(withId(id));
    return () => {
      if (this.#receivers.delete(id)) this.port.postMessage({ type: "leave", id });
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
    this.onLost(); // before the streams are reported as closed, so that they reopen on another source
    this.#closeAll();
  }

  #closeAll(): void {
    this.#cancelPing();
    const all = [...this.#receivers];
    this.#receivers.clear();
    for (const [id, receive] of all) receive({ id, type: "closed", graceful: true });
  }
}
