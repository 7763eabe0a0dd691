/** What a reader misses: below a list that stands still, behind a hidden tab, and where a fresh page jumped ahead. */
import type { Clock } from "@/lib/clock";
import type { Message } from "@/lib/contract/types";
import type { Away } from "@/lib/feed/room-feed";
import type { RoomState } from "@/lib/feed/room-state";
import { held, missedForMe, missedFrom, missedOwn, NOTHING_HELD } from "./unread-while-paused";
import type { Held, Missed, Seen } from "./unread-while-paused";

export const AWAY_EVENTS = 500;
// Those whom a hot room's outage sends away all come back at once: by then it is hot, and refuses what can wait.
export const MENTIONS_AFTER_MS = 2_000;
const MENTIONS_WITHIN_MS = 3_000;

export interface AwayNotice {
  readonly messages: number;
  readonly mentions: number;
  readonly fromSeq: number;
}

interface AbsenceParts {
  readonly clock: Clock;
  readonly random: () => number;
  /** Messages that may mention the reader, newest first; none where there is no reader. */
  readonly findMentions: () => Promise<readonly Message[]>;
  readonly isForMe: (message: Message) => boolean;
  readonly changed: () => void;
}

export class Absence {
  #below: Missed | null = null;
  #unseen: Missed | null = null;
  #told: Missed | null = null;
  #notice: AwayNotice | null = null;
  #cancelMentions: () => void = () => undefined;

  constructor(private readonly parts: AbsenceParts) {}

  get isHidden(): boolean {
    return this.#unseen !== null;
  }

  /** What the banner says; null when there is nothing to tell. */
  get notice(): AwayNotice | null {
    return this.#notice;
  }

  /** What came below since the list stands still. */
  below(room: RoomState | null): Held {
    return this.#below === null ? NOTHING_HELD : held(this.#below, room);
  }

  standStill(seen: Seen): void {
    this.#below = missedFrom(seen);
  }

  moveOn(): void {
    this.#below = null;
  }

  hide(seen: Seen): void {
    this.#unseen = missedFrom(seen);
  }

  /** Back at the tab: told of when it was too much to be read. */
  show(room: RoomState | null): void {
    const unseen = this.#unseen;
    this.#unseen = null;
    // Hidden before anything was seen: everything is new, and nothing was missed.
    if (unseen === null || unseen.fromSeq === 0) return;
    if ((room?.seq ?? 0) - unseen.fromSeq > AWAY_EVENTS) this.#tell(unseen, room);
  }

  /** A message came by the stream. */
  take(message: Message, isMine: boolean, isForMe: boolean): void {
    const count = (missed: Missed | null) =>
      missed && (isMine ? missedOwn(missed) : isForMe ? missedForMe(missed, message.id) : missed);
    this.#below = count(this.#below);
    this.#unseen = count(this.#unseen);
  }

  /** A fresh page jumped over messages: nothing was heard of them, so whom they mention is looked up. */
  jumpedOver({ fromSeq, messages }: Away, room: RoomState): void {
    this.#tell(this.#told ?? missedFrom({ seq: fromSeq, messageCount: room.messageCount - messages }), room);
    this.#cancelMentions();
    const { clock, random, findMentions } = this.parts;
    this.#cancelMentions = clock.after(MENTIONS_AFTER_MS + random() * MENTIONS_WITHIN_MS, () => {
      const take = (found: readonly Message[]) => this.#found(found.filter(({ seq }) => seq > fromSeq));
      findMentions().then(take, () => undefined); // refused: the rest is told all the same
    });
  }

  dismiss(): void {
    this.#notice = this.#told = null;
  }

  stop(): void {
    this.#cancelMentions();
  }

  #found(messages: readonly Message[]): void {
    const forMe = messages.filter(this.parts.isForMe);
    const add = (missed: Missed | null) =>
      missed && forMe.reduce((sum, message) => missedForMe(sum, message.id), missed);
    this.#below = add(this.#below);
    this.#unseen = add(this.#unseen);
    this.#told = add(this.#told);
    if (this.#notice !== null && this.#told !== null)
      this.#notice = { ...this.#notice, mentions: this.#told.forMe.size };
    this.parts.changed();
  }

  #tell(missed: Missed, room: RoomState | null): void {
    const { messages, forMe } = held(missed, room);
    this.#told = missed;
    this.#notice = messages > 0 ? { messages, mentions: forMe, fromSeq: missed.fromSeq } : null;
  }
}
