import type { Client } from "openapi-fetch";
import type { paths } from "@/lib/contract/openapi";
import type {
  Acceptance,
  AuditLog,
  Ban,
  BanList,
  BanResult,
  BansResult,
  Filters,
  HeldPage,
  InviteList,
  InviteTerms,
  ListedBan,
  NewInvite,
  RecoveryCode,
  ReportsPage,
  Room,
  RoomPatch,
  RoomWithCode,
} from "@/lib/contract/types";
import { answer, done } from "./answer";
import type { ChatApi } from "./chat-api";

/** The calls with which people become hosts or members, and hosts run a room. Only parts that are loaded lazily import it. */
export class HostApi {
  readonly #client: Client<paths>;

  constructor({ client }: Pick<ChatApi, "client">) {
    this.#client = client;
  }

  /** Change the fields that are given. */
  changeRoom = (room_id: string, change: RoomPatch): Promise<Room> =>
    answer(this.#client.PATCH("/api/v1/rooms/{room_id}", { params: { path: { room_id } }, body: change }));

  ban = (room_id: string, user_id: string, ban: Ban): Promise<BanResult> =>
    answer(
      this.#client.PUT("/api/v1/rooms/{room_id}/bans/{user_id}", {
        params: { path: { room_id, user_id } },
        body: ban,
      }),
    );

  /** Ban everybody but hosts who sent the text of this message. */
  banSameText = (room_id: string, message_id: string, ban: Ban): Promise<BansResult> =>
    answer(
      this.#client.POST("/api/v1/rooms/{room_id}/bans", {
        params: { path: { room_id } },
        body: { ...ban, same_text_as: message_id },
      }),
    );

  liftBan = async (room_id: string, user_id: string): Promise<void> => {
    await answer(
      this.#client.DELETE("/api/v1/rooms/{room_id}/bans/{user_id}", {
        params: { path: { room_id, user_id } },
      }),
    );
  };

  bans = (room_id: string, cursor?: string): Promise<BanList> =>
    answer(
      this.#client.GET("/api/v1/rooms/{room_id}/bans", {
        params: { path: { room_id }, query: cursor === undefined ? {} : { cursor } },
      }),
    );

  /** The ban of one person, if one is in force. */
  banOf = async (room_id: string, user_id: string): Promise<ListedBan | null> => {
    const { bans } = await answer(
      this.#client.GET("/api/v1/rooms/{room_id}/bans", { params: { path: { room_id }, query: { user_id } } }),
    );
    return bans[0] ?? null;
  };

  setModerator = (room_id: string, user_id: string, on: boolean): Promise<Room> => {
    const place = { params: { path: { room_id, user_id } } } as const;
    const path = "/api/v1/rooms/{room_id}/moderators/{user_id}";
    return answer(on ? this.#client.PUT(path, place) : this.#client.DELETE(path, place));
  };

  handOver = (room_id: string, user_id: string): Promise<Room> =>
    answer(
      this.#client.POST("/api/v1/rooms/{room_id}/owner", {
        params: { path: { room_id } },
        body: { user_id },
      }),
    );

  /** Become the owner with a recovery code; the response has the next code. */
  recover = (room_id: string, recovery_code: string): Promise<RoomWithCode> =>
    answer(
      this.#client.POST("/api/v1/rooms/{room_id}/owner/recover", {
        params: { path: { room_id } },
        body: { recovery_code },
      }),
    );

  renewRecoveryCode = (room_id: string): Promise<RecoveryCode> =>
    answer(
      this.#client.POST("/api/v1/rooms/{room_id}/owner/recovery-code", { params: { path: { room_id } } }),
    );

  deleteRoom = async (room_id: string): Promise<void> => {
    await done(this.#client.DELETE("/api/v1/rooms/{room_id}", { params: { path: { room_id } } }));
  };

  /** Only this response has the code. The same key makes the same invite, however often the call is repeated. */
  makeInvite = (room_id: string, invite: InviteTerms, idempotencyKey: string): Promise<NewInvite> =>
    answer(
      this.#client.POST("/api/v1/rooms/{room_id}/invites", {
        params: { path: { room_id } },
        body: invite,
        headers: { "Idempotency-Key": idempotencyKey },
      }),
    );

  /** The open invites, the newest first. */
  invites = (room_id: string): Promise<InviteList> =>
    answer(this.#client.GET("/api/v1/rooms/{room_id}/invites", { params: { path: { room_id } } }));

  endInvite = async (room_id: string, invite_id: string): Promise<void> => {
    await done(
      this.#client.DELETE("/api/v1/rooms/{room_id}/invites/{invite_id}", {
        params: { path: { room_id, invite_id } },
      }),
    );
  };

  acceptInvite = (code: string): Promise<Acceptance> =>
    answer(this.#client.POST("/api/v1/invites/accept", { body: { code } }));

  audit = (room_id: string, cursor?: string): Promise<AuditLog> =>
    answer(
      this.#client.GET("/api/v1/rooms/{room_id}/audit", {
        params: { path: { room_id }, query: cursor === undefined ? {} : { cursor } },
      }),
    );

  /** The room's filters for messages of guests. */
  filters = (room_id: string): Promise<Filters> =>
    answer(this.#client.GET("/api/v1/rooms/{room_id}/filters", { params: { path: { room_id } } }));

  /** Messages that wait until a host decides, the newest first. */
  held = (room_id: string, cursor?: string): Promise<HeldPage> =>
    answer(
      this.#client.GET("/api/v1/rooms/{room_id}/held", {
        params: { path: { room_id }, query: queuePage(cursor) },
      }),
    );

  allowHeld = (room_id: string, held_id: string): Promise<unknown> =>
    answer(
      this.#client.POST("/api/v1/rooms/{room_id}/held/{held_id}/allow", {
        params: { path: { room_id, held_id } },
      }),
    );

  refuseHeld = (room_id: string, held_id: string): Promise<unknown> =>
    answer(
      this.#client.POST("/api/v1/rooms/{room_id}/held/{held_id}/refuse", {
        params: { path: { room_id, held_id } },
      }),
    );

  /** Open reports, the newest first. */
  reports = (room_id: string, cursor?: string): Promise<ReportsPage> =>
    answer(
      this.#client.GET("/api/v1/rooms/{room_id}/reports", {
        params: { path: { room_id }, query: queuePage(cursor) },
      }),
    );

  resolveReport = (room_id: string, reportId: string): Promise<unknown> =>
    answer(
      this.#client.POST("/api/v1/rooms/{room_id}/reports/{report_id}/resolve", {
        params: { path: { room_id, report_id: Number(reportId) } },
      }),
    );
}

const QUEUE_PAGE = 100; // the most that the server sends at once

const queuePage = (cursor: string | undefined) =>
  cursor === undefined ? { limit: QUEUE_PAGE } : { limit: QUEUE_PAGE, cursor };
