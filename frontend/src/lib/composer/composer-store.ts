/** The composer of one room: its state, and the effects that the state machine asks for. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import { Listeners } from "@/lib/listeners";
import type { Outbox } from "@/lib/outbox/outbox";
import type { SessionStore } from "@/lib/session/session-store";
import {
  emptyDraft,
  nextComposer,
  startWith,
  type ComposerEffect,
  type ComposerEvent,
  type ComposerState,
} from "./composer-machine";
import type { Drafts } from "./drafts";

export interface ComposerDependencies {
  readonly api: Pick<ChatApi, "edit">;
  readonly outbox: Outbox;
  readonly session: SessionStore;
  readonly drafts: Drafts;
  readonly clock: Clock;
  readonly newId: () => string;
}

export class ComposerStore {
  #state: ComposerState;
  readonly #listeners = new Listeners();

  constructor(
    readonly roomId: string,
    private readonly deps: ComposerDependencies,
  ) {
    this.#state = startWith(deps.drafts.read(roomId) ?? emptyDraft(deps.newId));
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): ComposerState => this.#state;

  dispatch = (event: ComposerEvent): void => {
    const { state, effects } = nextComposer(this.#state, event, this.deps.newId);
    const isChanged = state !== this.#state;
    this.#state = state;
    for (const effect of effects) this.#run(effect);
    if (isChanged) this.#listeners.notify();
  };

  /** Send was pressed. */
  submit = (): void => {
    const hasSession = Boolean(this.deps.session.getSnapshot().viewer);
    this.dispatch({ type: "submitted", hasSession, ...this.#sending() });
  };

  /** There is a user now. */
  named = (): void => this.dispatch({ type: "named", ...this.#sending() });

  /** Discard a post that was not sent. */
  discard = (clientId: string): void => {
    this.deps.outbox.discard(clientId);
    this.dispatch({ type: "post-discarded", clientId });
  };

  #sending() {
    return { isOutboxFull: this.deps.outbox.isFull, nowMs: this.deps.clock.now() };
  }

  #run(effect: ComposerEffect): void {
    const { outbox, session, drafts } = this.deps;
    const { roomId } = this;
    switch (effect.type) {
      case "save-draft":
        drafts.save(roomId, effect.draft);
        break;
      case "ask-name":
        session.requireName();
        break;
      case "post":
        outbox.add({ roomId, clientId: effect.clientId, text: effect.text, replyTo: effect.replyTo });
        break;
      case "correct-post":
        outbox.correct(effect.clientId, { roomId, clientId: effect.newId, text: effect.text });
        break;
      case "save-edit":
        void this.#saveEdit(effect.id, effect.text);
        break;
    }
  }

  async #saveEdit(id: string, text: string): Promise<void> {
    try {
      await this.deps.api.edit(this.roomId, id, text);
      this.dispatch({ type: "edit-saved", id, text });
    } catch (error) {
      const isProblem = error instanceof Problem;
      if (isProblem && error.status === 401) void this.deps.session.load();
      const isGone = isProblem && error.code === "message_not_found";
      this.dispatch({ type: "edit-refused", id, text, error, isGone });
    }
  }
}
