/** The form that creates a room: what is in its fields, and the attempt to create the room. A reader without a session joins
 * first. */
import type { ChatApi } from "@/lib/api/chat-api";
import { Problem, unreachable } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import type { RoomWithCode, Visibility } from "@/lib/contract/types";
import { Listeners } from "@/lib/listeners";
import type { NetworkReturn } from "@/lib/network-return";
import { callAsUser } from "@/lib/session/call-as-user";
import { NICKNAME_MAX } from "@/lib/session/joining";
import type { SessionStore } from "@/lib/session/session-store";
import { shownWait } from "@/lib/session/shown-wait";
import { suggestedNickname } from "@/lib/suggested-nickname";
import { nameProblem, type TextProblem } from "@/lib/text/allowed-characters";

export const ROOM_NAME_MAX = 80; // code points, as the server counts them

export interface RoomCreationState {
  readonly name: string;
  readonly visibility: Visibility;
  readonly nickname: string;
  /** False for a reader with a session. */
  readonly needsNickname: boolean;
  readonly status: "writing" | "creating" | "waiting" | "refused";
  /** Why the browser refused the name of the room. */
  readonly nameProblem: TextProblem | null;
  /** Why the browser refused the nickname. */
  readonly nicknameProblem: TextProblem | null;
  /** Why the server refused. */
  readonly problem: Problem | null;
  /** When a refused attempt to join is retried, on the app's clock. */
  readonly retryAtMs: number | null;
}

export interface RoomCreationDependencies {
  readonly api: Pick<ChatApi, "createRoom">;
  readonly session: SessionStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly network: Pick<NetworkReturn, "wait">;
  readonly newId: () => string;
  readonly onCreated: (room: RoomWithCode) => void;
}

const IDLE = {
  status: "writing",
  nameProblem: null,
  nicknameProblem: null,
  problem: null,
  retryAtMs: null,
} as const;

export class RoomCreation {
  #state: RoomCreationState;
  /** Changes with the fields: another name is another room. */
  #idempotencyKey: string;
  #stop = () => {};
  #unsubscribe = () => {};
  readonly #listeners = new Listeners(
    () => (this.#unsubscribe = this.deps.session.subscribe(this.#sessionChanged)),
    () => this.#unsubscribe(),
  );

  constructor(private readonly deps: RoomCreationDependencies) {
    const { session, random, newId } = deps;
    this.#idempotencyKey = newId();
    this.#state = {
      name: "",
      visibility: "public",
      nickname: session.rememberedNickname ?? suggestedNickname(random),
      needsNickname: !this.#hasUser(),
      ...IDLE,
    };
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): RoomCreationState => this.#state;

  setName = (name: string): void => {
    this.#idempotencyKey = this.deps.newId();
    this.#set({ name, nameProblem: null });
  };

  setVisibility = (visibility: Visibility): void => {
    this.#idempotencyKey = this.deps.newId();
    this.#set({ visibility });
  };

  setNickname = (nickname: string): void => this.#set({ nickname, nicknameProblem: null });

  /** Create the room under the name in the field. While too many people join, wait as long as the server says, then join. */
  create = async (): Promise<void> => {
    const { name, nickname, status } = this.#state;
    if (status === "creating") return;
    const refused = {
      nameProblem: nameProblem(name, ROOM_NAME_MAX),
      nicknameProblem: this.#hasUser() ? null : nameProblem(nickname, NICKNAME_MAX),
    };
    if (refused.nameProblem !== null || refused.nicknameProblem !== null) {
      this.#set({ ...IDLE, status: "refused", ...refused });
      return;
    }
    this.#stop();
    const attempt = new AbortController();
    this.#stop = () => attempt.abort();
    this.#set({ ...IDLE, status: "creating" });
    try {
      const room = await this.#joinAndCreate(attempt.signal);
      attempt.signal.throwIfAborted();
      this.#set(IDLE);
      this.deps.onCreated(room);
    } catch (error) {
      if (attempt.signal.aborted) return;
      this.#set({ ...IDLE, status: "refused", problem: error instanceof Problem ? error : unreachable() });
    }
  };

  /** The reader has closed the form. */
  stop = (): void => this.#stop();

  #joinAndCreate(signal: AbortSignal): Promise<RoomWithCode> {
    const { session, random } = this.deps;
    const wait = shownWait(this.deps, signal, (shown) =>
      this.#set(shown === null ? { status: "creating", retryAtMs: null } : { status: "waiting", ...shown }),
    );
    return callAsUser(
      session,
      () => session.joinWithRetry(() => this.#state.nickname.trim(), wait, random),
      () => this.#create(),
    );
  }

  #create(): Promise<RoomWithCode> {
    const { name, visibility } = this.#state;
    return this.deps.api.createRoom(name.trim(), visibility, this.#idempotencyKey);
  }

  #sessionChanged = (): void => {
    const needsNickname = !this.#hasUser();
    if (needsNickname !== this.#state.needsNickname) this.#set({ needsNickname });
  };

  #hasUser(): boolean {
    return Boolean(this.deps.session.getSnapshot().viewer);
  }

  #set(change: Partial<RoomCreationState>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}
