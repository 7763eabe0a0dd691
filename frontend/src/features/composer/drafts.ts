/** The unsent text of each room, kept across reloads. */
import { readStored, removeStored, writeStored } from "@/lib/safe-storage";

const key = (roomId: string) => `hotchat.draft.${roomId}`;

export const readDraft = (roomId: string): string => readStored(key(roomId)) ?? "";

export function saveDraft(roomId: string, text: string): void {
  if (text === "") removeStored(key(roomId));
  else writeStored(key(roomId), text);
}
