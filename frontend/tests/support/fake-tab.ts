import type { RoomEvent, StreamGap, StreamSkipped } from "@/lib/contract/types";
import type { OpenStream, StreamListener } from "@/lib/stream/room-stream";

/** The events of a room that one tab receives. Like a feed, it opens the next stream after its last seq when one is closed. */
export class ReopeningTab implements StreamListener {
  seqs: number[] = [];
  openings = 0;
  isOpen = false;
  leave = () => {};
  #cursor = 0;

  constructor(private readonly openStream: OpenStream) {}

  open = (): this => {
    this.openings += 1;
    this.leave = this.openStream("lobby", this.#cursor, this);
    return this;
  };

  opened = () => void (this.isOpen = true);
  event = (event: RoomEvent) => {
    if (!("seq" in event) || event.seq <= this.#cursor) return;
    this.#cursor = event.seq;
    this.seqs.push(event.seq);
  };
  /** Like a feed, it continues from a page instead. */
  gap = ({ to_seq }: StreamGap) => {
    this.#cursor = to_seq;
    this.seqs = Array.from({ length: to_seq }, (_, index) => index + 1);
    this.open();
  };
  skipped = ({ to_seq }: StreamSkipped) => void (this.#cursor = Math.max(this.#cursor, to_seq));
  ping = () => undefined;
  closed = () => {
    this.isOpen = false;
    this.open();
  };
}
