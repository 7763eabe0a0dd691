import type { ChatApi } from "@/lib/api/chat-api";
import type { OpenNotify } from "@/lib/stream/notify-stream";
import { openWhenReady } from "@/lib/stream/open-when-ready";

export interface ListStreamDependencies {
  readonly api: Pick<ChatApi, "listTicket">;
  readonly openNotify: OpenNotify;
  /** The signed-in person, if private rooms are in the list. */
  readonly readerId: string | undefined;
}

/** A room-list stream. With private rooms, each attempt to open it gets a ticket first. */
export const openListStream =
  ({ api, openNotify, readerId }: ListStreamDependencies): OpenNotify =>
  (roomIds, listener) =>
    readerId === undefined
      ? openNotify(roomIds, listener)
      : openWhenReady(
          api.listTicket([...roomIds]),
          ({ ticket }) => openNotify(roomIds, listener, { ticket, readerId }),
          () => listener.closed(),
        );
