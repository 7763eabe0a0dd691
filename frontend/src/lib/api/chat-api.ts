import createClient, { type Client } from "openapi-fetch";
import type { paths } from "@/lib/contract/openapi";
import type {
  Author,
  Config,
  Draft,
  EventsPage,
  HeldMessage,
  Message,
  MessagePage,
  Mine,
  MyRooms,
  OwnRole,
  Reactors,
  Room,
  RoomWithCode,
  RoomsPage,
  SearchPage,
  Session,
  Ticket,
  Visibility,
} from "@/lib/contract/types";
import { answer, done } from "./answer";
import { unreachable } from "./problem";

/** Which page of a room: the latest one when nothing is given. */
export interface PagePlace {
  before_seq?: number;
  after_seq?: number;
  around_seq?: number;
}

/** chat_server's calls. Every refusal is thrown as a Problem. Pages have the server's default size unless the caller names
 * one, which must come from `config().limits`. */
export class ChatApi {
  readonly client: Client<paths>;

  constructor(
    readonly fetchImpl: typeof fetch,
    baseUrl = "",
  ) {
    this.client = createClient<paths>({
      baseUrl,
      fetch: async (request) => {
        const response = await fetchImpl(request);
        // A proxy may have redirected the call to its login page. The browser then fetched that page instead.
        if (response.redirected && request.method !== "GET") throw unreachable();
        return response;
      },
    });
  }

  config = (): Promise<Config> => answer(this.client.GET("/api/v1/config"));

  me = (): Promise<Author> => answer(this.client.GET("/api/v1/me"));

  createSession = (nickname: string): Promise<Session> =>
    answer(this.client.POST("/api/v1/sessions", { body: { nickname } }));

  /** Sign out. */
  endSession = async (): Promise<void> => {
    await done(this.client.DELETE("/api/v1/sessions/current"));
  };

  /** End every session of this person. */
  endAllSessions = async (): Promise<void> => {
    await done(this.client.DELETE("/api/v1/sessions"));
  };

  rooms = (cursor?: string): Promise<RoomsPage> =>
    answer(this.client.GET("/api/v1/rooms", { params: { query: cursor === undefined ? {} : { cursor } } }));

  /** Rooms that the session's user owns, moderates or is a member of. */
  myRooms = (cursor?: string): Promise<MyRooms> =>
    answer(
      this.client.GET("/api/v1/me/rooms", { params: { query: cursor === undefined ? {} : { cursor } } }),
    );

  roomsNamed = (q: string): Promise<RoomsPage> =>
    answer(this.client.GET("/api/v1/rooms", { params: { query: { q } } }));

  /** The same key makes the same room, however often the call is repeated. */
  createRoom = (name: string, visibility: Visibility, idempotencyKey: string): Promise<RoomWithCode> =>
    answer(
      this.client.POST("/api/v1/rooms", {
        body: { name, visibility },
        headers: { "Idempotency-Key": idempotencyKey },
      }),
    );

  /** For the stream of a private room. */
  streamTicket = (room_id: string): Promise<Ticket> =>
    answer(this.client.POST("/api/v1/rooms/{room_id}/stream-tickets", { params: { path: { room_id } } }));

  /** For a room-list stream with private rooms. */
  listTicket = (rooms: string[]): Promise<Ticket> =>
    answer(this.client.POST("/api/v1/stream-tickets", { body: { rooms } }));

  room = (room_id: string): Promise<Room> =>
    answer(this.client.GET("/api/v1/rooms/{room_id}", { params: { path: { room_id } } }));

  page = (room_id: string, place: PagePlace = {}): Promise<MessagePage> =>
    answer(
      this.client.GET("/api/v1/rooms/{room_id}/messages", {
        params: { path: { room_id }, query: place },
      }),
    );

  /** Events after a seq, oldest first. Where there are none, the server may wait up to `wait_s` for one. */
  events = (
    room_id: string,
    {
      after_seq,
      limit,
      wait_s = 0,
    }: { after_seq: number; limit?: number | undefined; wait_s?: number | undefined },
    signal?: AbortSignal,
  ): Promise<EventsPage> =>
    answer(
      this.client.GET("/api/v1/rooms/{room_id}/events", {
        params: {
          path: { room_id },
          query: { after_seq, ...(limit !== undefined && { limit }), ...(wait_s > 0 && { wait_s }) },
        },
        ...(signal !== undefined && { signal }),
      }),
    );

  message = (room_id: string, message_id: string): Promise<Message> =>
    answer(
      this.client.GET("/api/v1/rooms/{room_id}/messages/{message_id}", {
        params: { path: { room_id, message_id } },
      }),
    );

  post = (room_id: string, draft: Draft): Promise<Message | HeldMessage> =>
    answer(
      this.client.POST("/api/v1/rooms/{room_id}/messages", { params: { path: { room_id } }, body: draft }),
    );

  edit = (room_id: string, message_id: string, text: string): Promise<Message> =>
    answer(
      this.client.PATCH("/api/v1/rooms/{room_id}/messages/{message_id}", {
        params: { path: { room_id, message_id } },
        body: { text },
      }),
    );

  remove = (room_id: string, message_id: string): Promise<Message> =>
    answer(
      this.client.DELETE("/api/v1/rooms/{room_id}/messages/{message_id}", {
        params: { path: { room_id, message_id } },
      }),
    );

  pin = (room_id: string, message_id: string, on: boolean): Promise<Message> => {
    const place = { params: { path: { room_id, message_id } } } as const;
    const path = "/api/v1/rooms/{room_id}/messages/{message_id}/pin";
    return answer(on ? this.client.PUT(path, place) : this.client.DELETE(path, place));
  };

  react = async (room_id: string, message_id: string, kind: string, on: boolean): Promise<number> => {
    const place = { params: { path: { room_id, message_id, kind } } } as const;
    const path = "/api/v1/rooms/{room_id}/messages/{message_id}/reactions/{kind}";
    const changed = await answer(on ? this.client.PUT(path, place) : this.client.DELETE(path, place));
    return changed.count;
  };

  reactors = (room_id: string, message_id: string): Promise<Reactors> =>
    answer(
      this.client.GET("/api/v1/rooms/{room_id}/messages/{message_id}/reactions", {
        params: { path: { room_id, message_id } },
      }),
    );

  mine = (room_id: string, from_seq: number, to_seq: number): Promise<Mine> =>
    answer(
      this.client.GET("/api/v1/rooms/{room_id}/reactions/mine", {
        params: { path: { room_id }, query: { from_seq, to_seq } },
      }),
    );

  search = (
    room_id: string,
    q: string,
    { before_seq, limit }: { before_seq?: number | undefined; limit?: number | undefined } = {},
  ): Promise<SearchPage> =>
    answer(
      this.client.GET("/api/v1/rooms/{room_id}/search", {
        params: {
          path: { room_id },
          query: {
            q,
            ...(limit !== undefined && { limit }),
            ...(before_seq !== undefined && { before_seq }),
          },
        },
      }),
    );

  /** The role and the rights of the session's user in a room. */
  ownRole = (room_id: string): Promise<OwnRole> =>
    answer(this.client.GET("/api/v1/rooms/{room_id}/me", { params: { path: { room_id } } }));

  typing = async (room_id: string): Promise<void> => {
    await done(this.client.POST("/api/v1/rooms/{room_id}/typing", { params: { path: { room_id } } }));
  };
}
