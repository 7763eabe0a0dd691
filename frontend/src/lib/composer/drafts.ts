/** The draft of each room. Drafts survive reloads and are shared by all tabs. */
import { StoredMap } from "@/lib/stored-map";
import type { Draft, Quoted } from "./composer-machine";

export const DRAFTS_KEY = "hotchat.draft";
export const DRAFTS_MAX = 50; // overflow rule OLDEST

export class Drafts {
  readonly #stored = new StoredMap(DRAFTS_KEY, DRAFTS_MAX);

  constructor(private readonly newId: () => string) {}

  read(roomId: string): Draft | null {
    const value = this.#stored.get(roomId);
    return value === undefined ? null : this.#parse(value);
  }

  save(roomId: string, draft: Draft): void {
    if (draft.text === "") this.#stored.delete(roomId);
    else this.#stored.set(roomId, JSON.stringify(draft));
  }

  /** Earlier versions of the app stored only the text. */
  #parse(value: string): Draft {
    const parsed = fromJson(value);
    if (!isDraft(parsed)) return { id: this.newId(), text: value, replyTo: null };
    const { id, text, replyTo } = parsed;
    return { id, text, replyTo: isQuoted(replyTo) ? replyTo : null };
  }
}

/** The id of a room's draft in the value of DRAFTS_KEY, as a storage event reports it; null if there is none. */
export function draftIdIn(stored: string | null, roomId: string): string | null {
  const entries = fromJson(stored ?? "[]");
  const entry: unknown = Array.isArray(entries)
    ? entries.find((each: unknown) => Array.isArray(each) && each[0] === roomId)
    : undefined;
  const draft = Array.isArray(entry) ? fromJson(String(entry[1])) : undefined;
  return isDraft(draft) ? draft.id : null;
}

function fromJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

type StoredDraft = Pick<Draft, "id" | "text"> & { readonly replyTo?: unknown };

function isDraft(value: unknown): value is StoredDraft {
  if (typeof value !== "object" || value === null) return false;
  const { id, text } = value as Partial<Record<keyof Draft, unknown>>;
  return typeof id === "string" && typeof text === "string";
}

/** Whether a stored quote has everything that is shown of it: another version of the app may have stored it. */
function isQuoted(value: unknown): value is Quoted {
  if (typeof value !== "object" || value === null) return false;
  const { id, author, text, deleted } = value as Partial<Record<keyof Quoted, unknown>>;
  if (typeof author !== "object" || author === null) return false;
  const { id: authorId, nickname } = author as Partial<Record<keyof Quoted["author"], unknown>>;
  const strings = [id, text, authorId, nickname];
  return strings.every((each) => typeof each === "string") && typeof deleted === "boolean";
}
