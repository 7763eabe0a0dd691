/** The composers of all rooms. They outlive their components, so that a text is sent to the room it was written in, and
 * an edit continues when the reader returns. */
import { dropOldest } from "@/lib/drop-oldest";
import { storedEntries } from "@/lib/stored-map";
import { emptyDraft } from "./composer-machine";
import { ComposerStore, type ComposerDependencies } from "./composer-store";
import { draftIdIn, DRAFTS_KEY, DRAFTS_MAX } from "./drafts";
import { EDITS_KEY, EditsBefore } from "./unfinished-edits";

const ROOMS_MAX = 50; // overflow rule OLDEST: the draft of a dropped composer stays stored

export class Composers {
  readonly #stores = new Map<string, ComposerStore>();
  #hasUser = false;
  #isAskingForName = false;

  constructor(private readonly deps: ComposerDependencies) {
    deps.session.subscribe(this.#sessionChanged);
    deps.session.onSignOut(() => {
      for (const store of this.#stores.values()) store.dispatch({ type: "signed-out" });
    });
  }

  of(roomId: string): ComposerStore {
    const store = this.#stores.get(roomId) ?? new ComposerStore(roomId, this.deps);
    this.#stores.delete(roomId); // so that it becomes the newest
    this.#stores.set(roomId, store);
    dropOldest(this.#stores, ROOMS_MAX);
    return store;
  }

  /** Another tab has changed a draft or an edit. A change replaces this tab's draft or edit if it was made to the same
   * version. */
  onStorageEvent = ({ key, oldValue }: Pick<StorageEvent, "key" | "oldValue">): void => {
    if (key === EDITS_KEY) {
      const before = new EditsBefore(oldValue);
      for (const store of this.#stores.values()) store.editsChangedElsewhere(before);
    }
    if (key !== DRAFTS_KEY) return;
    const isFull = storedEntries(oldValue).size >= DRAFTS_MAX; // a missing draft may have been dropped for a newer one
    for (const [roomId, store] of this.#stores) {
      const own = store.getSnapshot().draft;
      const earlierId = draftIdIn(oldValue, roomId);
      const stored = this.deps.drafts.read(roomId);
      const isBase = earlierId === null ? own.text === "" : earlierId === own.id;
      if (!isBase || stored?.id === own.id || (stored === null && (isFull || own.text === ""))) continue;
      store.dispatch({ type: "draft-replaced", draft: stored ?? emptyDraft(this.deps.newId) });
    }
  };

  /** Another tab has sent or discarded a post: an unchanged correction of it ends, so that it cannot be sent. */
  postDoneElsewhere = (clientId: string): void => {
    for (const store of this.#stores.values()) store.dispatch({ type: "post-discarded", clientId });
  };

  #sessionChanged = (): void => {
    const { viewer, isAskingForName } = this.deps.session.getSnapshot();
    const hasUser = Boolean(viewer);
    const isNamed = hasUser && !this.#hasUser;
    const isCancelled = !hasUser && this.#isAskingForName && !isAskingForName;
    this.#hasUser = hasUser;
    this.#isAskingForName = isAskingForName;
    for (const store of this.#stores.values()) {
      if (isNamed) store.named();
      if (isCancelled) store.dispatch({ type: "name-cancelled" });
    }
  };
}
