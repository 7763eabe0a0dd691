/** The fields of the form that creates a room, and its call. */
import type { ChatApi } from "@/lib/api/chat-api";
import type { RoomWithCode, Visibility } from "@/lib/contract/types";
import type { FormCall } from "@/lib/session/call-form";
import { nameProblem } from "@/lib/text/allowed-characters";

export const ROOM_NAME_MAX = 80; // code points, as the server counts them

export interface NewRoom {
  readonly name: string;
  readonly visibility: Visibility;
}

export function roomCreation(
  api: Pick<ChatApi, "createRoom">,
  newId: () => string,
): FormCall<NewRoom, RoomWithCode> {
  let last: { readonly room: NewRoom; readonly idempotencyKey: string } | null = null;
  return {
    fields: { name: "", visibility: "public" },
    problemsIn: ({ name }) => ({ name: nameProblem(name, ROOM_NAME_MAX) }),
    call: (room) => {
      // The key changes with the fields: another name is another room.
      if (last?.room !== room) last = { room, idempotencyKey: newId() };
      return api.createRoom(room.name.trim(), room.visibility, last.idempotencyKey);
    },
  };
}
