/** Names for the generated wire types. To change a shape, change the servers. */
import type { components, paths } from "./openapi";

type Events = components["schemas"];

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;

export type RoomEvent = Events["RoomEvent"];
export type StreamOpened = Events["StreamOpened"];
export type StreamGap = Events["StreamGap"];
export type StreamSkipped = Events["StreamSkipped"];
export type StreamClosing = Events["StreamClosing"];
export type StreamPlace = Events["StreamPlace"];
export type RoomUpdated = Events["RoomUpdated"];
export type Message = Events["Message"];
/** The answer to a post that a filter holds, as far as the app reads it. */
export type HeldMessage = Pick<Events["HeldMessage"], "id" | "held" | "filter">;
export type ProblemCode = Events["Problem"]["code"];
export type Author = Events["Author"];
export type AuthorRole = NonNullable<Author["role"]>;
export type Heat = Events["Heat"];
export type MessagesPurged = Events["MessagesPurged"];
export type RoomSlowMode = Events["RoomSlowMode"];
export type SlowMode = Events["SlowMode"];
export type RoomRules = Events["RoomRules"];
export type Visibility = Room["visibility"];
export type WhoCanPost = RoomRules["who_can_post"];

export type Room = Json<paths["/api/v1/rooms/{room_id}"]["get"]["responses"][200]>;
export type RoomsPage = Json<paths["/api/v1/rooms"]["get"]["responses"][200]>;
export type ListedRoom = RoomsPage["rooms"][number];
export type MyRooms = Events["MyRooms"];
export type Ticket = Events["TicketView"];
export type MessagePage = Json<paths["/api/v1/rooms/{room_id}/messages"]["get"]["responses"][200]>;
export type EventsPage = Json<paths["/api/v1/rooms/{room_id}/events"]["get"]["responses"][200]>;
export type SearchPage = Json<paths["/api/v1/rooms/{room_id}/search"]["get"]["responses"][200]>;
export type Mine = Json<paths["/api/v1/rooms/{room_id}/reactions/mine"]["get"]["responses"][200]>;
export type Reactors = Json<
  paths["/api/v1/rooms/{room_id}/messages/{message_id}/reactions"]["get"]["responses"][200]
>;
export type BanList = Json<paths["/api/v1/rooms/{room_id}/bans"]["get"]["responses"][200]>;
export type ListedBan = BanList["bans"][number];
export type BanResult = Json<paths["/api/v1/rooms/{room_id}/bans/{user_id}"]["put"]["responses"][200]>;
export type BansResult = Json<paths["/api/v1/rooms/{room_id}/bans"]["post"]["responses"][200]>;
export type OwnRole = Json<paths["/api/v1/rooms/{room_id}/me"]["get"]["responses"][200]>;
export type BanState = NonNullable<OwnRole["banned"]>;
export type RoomPatch = Events["RoomPatch"];
export type RoomWithCode = Events["RoomWithCode"];
export type RecoveryCode = Events["RecoveryCode"];
export type Acceptance = Events["Acceptance"];
export type InviteTerms = Required<Events["InviteRequest"]>;
export type NewInvite = Events["NewInviteView"];
export type InviteList = Events["InviteList"];
export type Invite = Events["InviteView"];
export type ListedHeld = Omit<Events["HeldMessage"], "seq" | "edited_at">;
export type ReportsPage = Json<paths["/api/v1/rooms/{room_id}/reports"]["get"]["responses"][200]>;
export type ListedReport = ReportsPage["reports"][number];
export type Filters = Json<paths["/api/v1/rooms/{room_id}/filters"]["get"]["responses"][200]>;
export type AuditLog = Json<paths["/api/v1/rooms/{room_id}/audit"]["get"]["responses"][200]>;
export type AuditEntry = AuditLog["entries"][number];
export type ServerBanList = Events["ServerBanList"];
export type ServerBanResult = Events["ServerBanResult"];
export type OperatorRoom = Events["OperatorRoom"];
export type OperatorRoomList = Events["OperatorRoomList"];
export type OperatorLog = Events["OperatorLog"];
export type OperatorLogEntry = Events["OperatorLogEntry"];
export type OpsSnapshot = Events["OpsSnapshot"];
export type OpsRoom = Events["OpsRoom"];
export type OpsRates = Events["OpsRates"];
export type OpsProcess = Events["OpsProcess"];
export type HeatSettings = Events["HeatSettingsView"];
export type HeatSettingsPatch = Events["HeatSettingsPatch"];
export type Exemption = Events["Exemption"];
export type ExemptionList = Events["ExemptionList"];
export type ExemptionTerms = Required<Pick<Events["ExemptionRequest"], "address" | "hours">> &
  Pick<Events["ExemptionRequest"], "reason">;
export type Config = Json<paths["/api/v1/config"]["get"]["responses"][200]>;
export type Session = Json<paths["/api/v1/sessions"]["post"]["responses"][201]>;

export interface HeldPage {
  held: ListedHeld[];
  next_cursor: string | null;
}

/** How a person is banned. */
export interface Ban {
  /** Null: for good. */
  seconds: number | null;
  /** Also delete all their messages in the room. */
  purge: boolean;
  /** For the person and for hosts. */
  reason?: string;
  /** Also ban sessions made later from their last address. */
  address?: boolean;
}

export interface Draft {
  client_message_id: string;
  text: string;
  reply_to?: string;
}
