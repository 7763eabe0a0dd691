import type { Client } from "openapi-fetch";
import type { paths } from "@/lib/contract/openapi";
import type {
  Ban,
  Exemption,
  ExemptionList,
  ExemptionTerms,
  HeatSettings,
  HeatSettingsPatch,
  OperatorLog,
  OperatorRoom,
  OperatorRoomList,
  ServerBanList,
  ServerBanResult,
} from "@/lib/contract/types";
import { answer, done } from "./answer";
import { ChatApi } from "./chat-api";

const ACT_AS_OPERATOR = "X-Hotchat-Operator";

/** The same calls with the rights of the operator, who has signed in in this browser. `onRefused`: a call was refused because
 * nobody has a session, perhaps because the sign-in has ended. */
export const asOperator = ({ fetchImpl }: Pick<ChatApi, "fetchImpl">, onRefused: () => void): ChatApi =>
  new ChatApi(async (input) => {
    const request = new Request(input);
    request.headers.set(ACT_AS_OPERATOR, "1");
    const response = await fetchImpl(request);
    if (response.status === 401) onRefused();
    return response;
  });

/** The calls of the operator on the whole server. The browser adds the cookie of a signed-in operator. */
export class OperatorApi {
  readonly #client: Client<paths>;

  constructor({ client }: Pick<ChatApi, "client">) {
    this.#client = client;
  }

  signIn = async (token: string): Promise<void> => {
    await answer(this.#client.POST("/api/v1/ops/session", { body: { token } }));
  };

  signOut = async (): Promise<void> => {
    await done(this.#client.DELETE("/api/v1/ops/session"));
  };

  bans = (cursor?: string): Promise<ServerBanList> =>
    answer(
      this.#client.GET("/api/v1/ops/bans", { params: { query: cursor === undefined ? {} : { cursor } } }),
    );

  ban = (user_id: string, ban: Ban): Promise<ServerBanResult> =>
    answer(this.#client.PUT("/api/v1/ops/bans/{user_id}", { params: { path: { user_id } }, body: ban }));

  liftBan = async (user_id: string): Promise<void> => {
    await answer(this.#client.DELETE("/api/v1/ops/bans/{user_id}", { params: { path: { user_id } } }));
  };

  rooms = (q: string, cursor?: string): Promise<OperatorRoomList> =>
    answer(
      this.#client.GET("/api/v1/ops/rooms", {
        params: { query: { ...(q !== "" && { q }), ...(cursor !== undefined && { cursor }) } },
      }),
    );

  setHidden = (room_id: string, isHidden: boolean): Promise<OperatorRoom> => {
    const place = { params: { path: { room_id } } } as const;
    const path = "/api/v1/ops/rooms/{room_id}/hidden";
    return answer(isHidden ? this.#client.PUT(path, place) : this.#client.DELETE(path, place));
  };

  deleteRoom = async (room_id: string): Promise<void> => {
    await done(this.#client.DELETE("/api/v1/ops/rooms/{room_id}", { params: { path: { room_id } } }));
  };

  log = (cursor?: string): Promise<OperatorLog> =>
    answer(
      this.#client.GET("/api/v1/ops/audit", { params: { query: cursor === undefined ? {} : { cursor } } }),
    );

  settings = (): Promise<HeatSettings> => answer(this.#client.GET("/api/v1/ops/settings"));

  /** Change the settings that are given; null returns to the environment's value. */
  changeSettings = (body: HeatSettingsPatch): Promise<HeatSettings> =>
    answer(this.#client.PATCH("/api/v1/ops/settings", { body }));

  exemptions = (): Promise<ExemptionList> => answer(this.#client.GET("/api/v1/ops/exemptions"));

  exempt = (body: ExemptionTerms): Promise<Exemption> =>
    answer(this.#client.POST("/api/v1/ops/exemptions", { body }));

  endExemption = async (address: string): Promise<void> => {
    await done(this.#client.DELETE("/api/v1/ops/exemptions/{address}", { params: { path: { address } } }));
  };
}
