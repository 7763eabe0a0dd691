/** The reader's own reactions. Pages are the same for every reader, so these have a call of their own. A toggle shows at
 * once and is undone if the server refuses it. */
import type { ChatApi } from "@/lib/api/chat-api";
import type { RoomEvent } from "@/lib/contract/types";
import { dropOldest } from "@/lib/drop-oldest";
import { Listeners } from "@/lib/listeners";

export const MARKED_MAX = 5_000; // overflow rule OLDEST: the message marked first is shown without the mark

export interface OwnReactionsState {
  readonly mine: ReadonlyMap<string, ReadonlySet<string>>;
  /** Toggles that the server has not answered yet: `<message id>:<kind>` → on. */
  readonly pending: ReadonlyMap<string, boolean>;
}

export class OwnReactions {
  #state: OwnReactionsState = { mine: new Map(), pending: new Map() };
  readonly #listeners = new Listeners();

  constructor(
    private readonly roomId: string,
    private readonly api: Pick<ChatApi, "mine" | "react">,
    /** Called with the count that a toggle has led to. */
    private readonly onCount: (messageId: string, kind: string, count: number) => void = () => undefined,
  ) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): OwnReactionsState => this.#state;

  /** Load a range of seqs. On failure the messages stay unmarked. */
  async load(fromSeq: number, toSeq: number): Promise<void> {
    try {
      const { mine } = await this.api.mine(this.roomId, fromSeq, toSeq);
      const entries = Object.entries(mine).map(([id, kinds]) => [id, new Set(kinds)] as const);
      this.#setMine(new Map([...this.#state.mine, ...entries]));
    } catch {
      // A hot room may refuse this call; the reaction counts are correct without it.
    }
  }

  /** Apply a reaction made by the reader, here or in another tab. */
  onEvent(event: RoomEvent, viewerId: string): void {
    if (event.type !== "reaction.changed") return;
    if (event.added.includes(viewerId)) this.#mark(event.message_id, event.kind, true);
    if (event.removed.includes(viewerId)) this.#mark(event.message_id, event.kind, false);
  }

  toggle = async (messageId: string, kind: string): Promise<void> => {
    const key = `${messageId}:${kind}`;
    if (this.#state.pending.has(key)) return;
    const isOn = !(this.#state.mine.get(messageId)?.has(kind) ?? false);
    this.#set({ pending: new Map(this.#state.pending).set(key, isOn) });
    try {
      const count = await this.api.react(this.roomId, messageId, kind, isOn);
      this.#mark(messageId, kind, isOn);
      this.onCount(messageId, kind, count);
    } finally {
      const pending = new Map(this.#state.pending);
      pending.delete(key);
      this.#set({ pending });
    }
  };

  clear(): void {
    this.#set({ mine: new Map(), pending: new Map() });
  }

  #mark(messageId: string, kind: string, isOn: boolean): void {
    const kinds = new Set(this.#state.mine.get(messageId));
    if (isOn) kinds.add(kind);
    else kinds.delete(kind);
    const mine = new Map(this.#state.mine);
    mine.delete(messageId);
    if (kinds.size > 0) mine.set(messageId, kinds);
    this.#setMine(mine);
  }

  #setMine(mine: Map<string, ReadonlySet<string>>): void {
    dropOldest(mine, MARKED_MAX);
    this.#set({ mine });
  }

  #set(change: Partial<OwnReactionsState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}
