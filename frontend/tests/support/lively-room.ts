/** A room whose streams may break, repeat events and jump, for tests of how a feed handles that. */
import type { Message, RoomEvent } from "@/lib/contract/types";
import { created, FakeRoom, message } from "./fake-room";

/** Whose messages are purged now and then. */
const MALLORY = { id: "id-of-mallory", nickname: "mallory" };

export class LivelyRoom extends FakeRoom {
  #openedCursors = new WeakSet<object>();

  /** Something happens: `pick` chooses what, and to which message. */
  act(pick: number): void {
    const target = this.messages[pick % Math.max(1, this.messages.length)];
    const seq = (this.lastSeq += 1);
    if (pick % 7 < 2 || target === undefined || target.deleted) {
      const made = message(seq, {
        ...(pick % 3 === 0 && { author: MALLORY }),
        ...(pick % 5 > 0 && { calm: false }),
      });
      this.messages = [...this.messages, made];
      this.#send(created(made));
    } else this.#send(marked(changeOf(target, seq, pick), target));
  }

  /** Open the last requested stream, and send the events after its cursor. */
  openNewest(): void {
    const opened = this.streams.at(-1);
    if (opened === undefined || this.#openedCursors.has(opened)) return;
    this.#openedCursors.add(opened);
    this.openLast();
    this.#sendFrom(opened.cursor);
  }

  /** Repeat events, as a stream may at any time. */
  repeat(from: number): void {
    const opened = this.#live();
    if (opened === undefined) return;
    const since = this.log.slice(from % (this.log.length + 1));
    for (const event of since) this.pass(event, { ...opened, skipped: [] });
  }

  /** The calm lane reports what it has left out, as it does when no event follows for a second. */
  flushLive(): void {
    const live = this.#live();
    if (live !== undefined) this.flushRun(live);
  }

  breakStream(isPolite: boolean): void {
    this.streams.at(-1)?.listener.closed(isPolite);
  }

  ping(): void {
    this.#live()?.listener.ping();
  }

  gap(): void {
    this.#live()?.listener.gap({ from_seq: 0, to_seq: this.lastSeq });
  }

  #live() {
    const opened = this.streams.at(-1);
    return opened !== undefined && this.#openedCursors.has(opened) ? opened : undefined;
  }

  #send(event: RoomEvent): void {
    if (event.type !== "message.created") this.took(event);
    this.log.push(event);
    const live = this.#live();
    if (live !== undefined) this.pass(event, live);
  }

  #sendFrom(cursor: number): void {
    for (const event of this.log) if ("seq" in event && event.seq > cursor) this.pass(event, this.stream);
  }
}

/** The calm lane leaves out edits and reactions of the messages that it leaves out. */
function marked(event: RoomEvent, target: Message): RoomEvent {
  const isMarkable = event.type === "message.edited" || event.type === "reaction.changed";
  return isMarkable && target.calm === false ? { ...event, calm: false } : event;
}

function changeOf(target: Message, seq: number, pick: number): RoomEvent {
  const room_id = "lobby";
  switch (pick % 7) {
    case 2:
      return {
        type: "message.edited",
        room_id,
        seq,
        message: { ...target, text: `edit ${seq}`, edited_at: "now" },
      };
    case 3:
      return { type: "message.deleted", room_id, seq, message: { ...target, text: "", deleted: true } };
    case 4:
      return { type: "message.pinned", room_id, seq, message: target };
    case 5:
      return { type: "message.unpinned", room_id, seq, message_id: target.id };
    default: {
      if (pick % 5 === 0)
        return { type: "messages.purged", room_id, seq, author_id: MALLORY.id, up_to_seq: seq - 1 };
      const about = { room_id, seq, message_id: target.id, kind: "heart", added: [], removed: [] };
      return { type: "reaction.changed", ...about, count: pick % 4 };
    }
  }
}
