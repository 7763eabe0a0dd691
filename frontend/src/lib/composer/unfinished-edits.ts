/** The edits that were begun but neither saved nor cancelled. They survive reloads, and all tabs share them, like drafts. */
import { StoredMap, storedEntries } from "@/lib/stored-map";
import type { Edit, EditText, UnfinishedEdit } from "./composer-machine";

export const EDITS_KEY = "hotchat.edit";
export const EDITS_MAX = 50; // of all rooms; overflow rule OLDEST

type StoredEdit = Pick<Edit, "kind" | "before"> & EditText & Pick<UnfinishedEdit, "isOpen">;

export class UnfinishedEdits {
  readonly #stored = new StoredMap(EDITS_KEY, EDITS_MAX);

  /** The edits of a room, the most recently changed one last. */
  read(roomId: string): UnfinishedEdit[] {
    return this.#stored.entries().flatMap(([name, value]) => {
      const [ofRoom, id] = name.split(" ");
      const stored = ofRoom === roomId ? parse(value) : null;
      if (id === undefined || stored === null) return [];
      const { isOpen, ...edit } = stored;
      return [{ edit: { ...edit, id, isGone: false }, isOpen }];
    });
  }

  /** The text typed into an edit; null if there is none. */
  find(roomId: string, id: string): EditText | null {
    return typedIn(this.#stored.get(nameOf(roomId, id)));
  }

  save(roomId: string, { edit: { id, kind, before, text, correctionId }, isOpen }: UnfinishedEdit): void {
    const stored: StoredEdit = { kind, before, text, correctionId, isOpen };
    this.#stored.set(nameOf(roomId, id), JSON.stringify(stored));
  }

  erase(roomId: string, id: string): void {
    this.#stored.delete(nameOf(roomId, id));
  }
}

/** The edits in the value of EDITS_KEY, as a storage event reports it. */
export class EditsBefore {
  readonly #entries: ReadonlyMap<string, string>;

  constructor(stored: string | null) {
    this.#entries = storedEntries(stored);
  }

  find(roomId: string, id: string): EditText | null {
    return typedIn(this.#entries.get(nameOf(roomId, id)));
  }

  /** If so, a missing edit may have been dropped for a newer one. */
  get isFull(): boolean {
    return this.#entries.size >= EDITS_MAX;
  }
}

/** Neither part contains a space. */
const nameOf = (roomId: string, id: string): string => `${roomId} ${id}`;

function typedIn(value: string | undefined): EditText | null {
  const stored = value === undefined ? null : parse(value);
  return stored && { text: stored.text, correctionId: stored.correctionId };
}

function parse(value: string): StoredEdit | null {
  let stored: unknown;
  try {
    stored = JSON.parse(value);
  } catch {
    return null;
  }
  if (typeof stored !== "object" || stored === null) return null;
  const { kind, before, text, correctionId, isOpen } = stored as Partial<Record<keyof StoredEdit, unknown>>;
  if (typeof before !== "string" || typeof text !== "string") return null;
  const typed = { before, text, isOpen: isOpen === true };
  if (kind === "message") return { ...typed, kind, correctionId: null };
  return kind === "post" && typeof correctionId === "string" ? { ...typed, kind, correctionId } : null;
}
