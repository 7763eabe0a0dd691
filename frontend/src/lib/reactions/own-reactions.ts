/** Which reactions are mine. Pages are the same for everybody, so these come by a call of their own; a toggle shows at
 * once and is taken back if the server refuses it. */
import type { ChatApi } from "@/lib/api/chat-api";
import type { RoomEvent } from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";

export interface OwnReactionsState {
  readonly mine: ReadonlyMap<string, ReadonlySet<string>>;
  /** Toggles the server has not answered: `<message id>:<kind>` → on. */
  readonly pending: ReadonlyMap<string, boolean>;
}

export class OwnReactions {
  #state: OwnReactionsState = { mine: new Map(), pending: new Map() };
  readonly #listeners = new Listeners();

  constructor(
    private readonly roomId: string,
    private readonly api: Pick<ChatApi, "mine" | "react">,
  ) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): OwnReactionsState => this.#state;

  /** Ask for a range of the room; what cannot be fetched now stays unmarked. */
  async load(fromSeq: number, toSeq: number): Promise<void> {
    try {
      const { mine } = await this.api.mine(this.roomId, fromSeq, toSeq);
      const entries = Object.entries(mine).map(([id, kinds]) => [id, new Set(kinds)] as const);
      this.#set({ mine: new Map([...this.#state.mine, ...entries]) });
    } catch {
      // Marks are a comfort: a hot room may refuse them, and the counts are right without.
    }
  }

  /** Another tab of mine reacted. */
  take(event: RoomEvent, viewerId: string): void {
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
      await this.api.react(this.roomId, messageId, kind, isOn);
      this.#mark(messageId, kind, isOn);
    } finally {
      const pending = new Map(this.#state.pending);
      pending.delete(key);
      this.#set({ pending });
    }
  };

  forgetAll(): void {
    this.#set({ mine: new Map(), pending: new Map() });
  }

  #mark(messageId: string, kind: string, isOn: boolean): void {
    const kinds = new Set(this.#state.mine.get(messageId));
    if (isOn) kinds.add(kind);
    else kinds.delete(kind);
    this.#set({ mine: new Map(this.#state.mine).set(messageId, kinds) });
  }

  #set(change: Partial<OwnReactionsState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}
