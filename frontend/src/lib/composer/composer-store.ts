/** The composer of one room: holds its state and runs the effects of its state machine. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import type { Message } from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";
import type { Outbox } from "@/lib/outbox/outbox";
import type { SessionStore } from "@/lib/session/session-store";
import {
  emptyDraft,
  nextComposer,
  startWith,
  unfinishedEdits,
  type ComposerEffect,
  type ComposerEvent,
  type ComposerState,
} from "./composer-machine";
import type { Drafts } from "./drafts";
import type { EditsBefore, UnfinishedEdits } from "./unfinished-edits";

export interface ComposerDependencies {
  readonly api: Pick<ChatApi, "edit">;
  readonly outbox: Outbox;
  readonly session: SessionStore;
  readonly drafts: Drafts;
  readonly edits: UnfinishedEdits;
  readonly clock: Clock;
  readonly newId: () => string;
}

export class ComposerStore {
  #state: ComposerState;
  readonly #listeners = new Listeners();
  readonly #editedListeners = new Set<(message: Message) => void>();

  constructor(
    readonly roomId: string,
    private readonly deps: ComposerDependencies,
  ) {
    this.#state = startWith(deps.drafts.read(roomId) ?? emptyDraft(deps.newId), deps.edits.read(roomId));
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): ComposerState => this.#state;

  /** Call `listener` with each message that the server has edited. */
  onEdited(listener: (message: Message) => void): () => void {
    this.#editedListeners.add(listener);
    return () => this.#editedListeners.delete(listener);
  }

  dispatch = (event: ComposerEvent): void => {
    const before = this.#state;
    const { state, effects } = nextComposer(before, this.#withUnfinished(event), this.deps.newId);
    const isChanged = state !== before;
    this.#state = state;
    if (isChanged && event.type !== "edit-replaced") this.#keepEdits(before);
    for (const effect of effects) this.#run(effect);
    if (isChanged) this.#listeners.notify();
  };

  /** Send was pressed. */
  submit = (): void => {
    const hasSession = Boolean(this.deps.session.getSnapshot().viewer);
    this.dispatch({ type: "submitted", hasSession, ...this.#sending() });
  };

  /** Called once there is a user. */
  named = (): void => this.dispatch({ type: "named", ...this.#sending() });

  /** Discard a post that was not sent. */
  discard = (clientId: string): void => {
    this.deps.outbox.discard(clientId);
    this.dispatch({ type: "post-discarded", clientId });
  };

  /** Another tab has changed the stored edits. A change replaces this tab's edit if it was made to the same version. */
  editsChangedElsewhere(stored: EditsBefore): void {
    const { edit, setAside } = this.#state;
    for (const { id, text, before } of edit === null ? setAside : [...setAside, edit]) {
      const earlier = stored.find(this.roomId, id);
      const now = this.deps.edits.find(this.roomId, id);
      const isBase = text === (earlier?.text ?? before);
      const isDropped = now === null && (earlier === null || stored.isFull);
      if (isBase && !isDropped && now?.text !== text) this.dispatch({ type: "edit-replaced", id, by: now });
    }
  }

  #withUnfinished(event: ComposerEvent): ComposerEvent {
    if (event.type !== "edit") return event;
    return { ...event, unfinished: this.deps.edits.find(this.roomId, event.id) };
  }

  #keepEdits(earlier: ComposerState): void {
    const { edits } = this.deps;
    const [old, now] = [unfinishedEdits(earlier), unfinishedEdits(this.#state)];
    for (const { edit } of old)
      if (!now.some((each) => each.edit.id === edit.id)) edits.erase(this.roomId, edit.id);
    for (const each of now)
      if (!old.some(({ edit, isOpen }) => edit === each.edit && isOpen === each.isOpen))
        edits.save(this.roomId, each);
  }

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
      const edited = await this.deps.api.edit(this.roomId, id, text);
      for (const listener of this.#editedListeners) listener(edited);
      this.dispatch({ type: "edit-saved", id, text });
    } catch (error) {
      const isProblem = error instanceof Problem;
      if (isProblem && error.status === 401) void this.deps.session.load();
      const isGone = isProblem && error.code === "message_not_found";
      this.dispatch({ type: "edit-refused", id, text, error, isGone });
    }
  }
}
