/** What was being written, per room, kept over reloads. */

const key = (roomId: string) => `hotchat.draft.${roomId}`;

export function readDraft(roomId: string): string {
  try {
    return localStorage.getItem(key(roomId)) ?? "";
  } catch {
    return "";
  }
}

export function saveDraft(roomId: string, text: string): void {
  try {
    if (text === "") localStorage.removeItem(key(roomId));
    else localStorage.setItem(key(roomId), text);
  } catch {
    // Full or forbidden storage: the draft lives as long as the page.
  }
}
