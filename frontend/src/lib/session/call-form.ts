/** A form that makes one call as the reader, such as creating a room or accepting an invite. A reader without a session
 * joins first. */
import { Problem, unreachable } from "@/lib/api/problem";
import type { Clock } from "@/lib/clock";
import { Listeners } from "@/lib/listeners";
import type { NetworkReturn } from "@/lib/network-return";
import { suggestedNickname } from "@/lib/suggested-nickname";
import { nameProblem, type TextProblem } from "@/lib/text/allowed-characters";
import { callAsUser } from "./call-as-user";
import { NICKNAME_MAX } from "./joining";
import type { SessionStore } from "./session-store";
import { shownWait } from "./shown-wait";

/** Why the browser refused a field of the form. */
export type FieldProblems<F> = { readonly [Name in keyof F]?: TextProblem | null };

/** The call of a form, and the fields that it needs in addition to the nickname. */
export interface FormCall<F, T> {
  /** The fields of the empty form. */
  readonly fields: F;
  readonly problemsIn?: (fields: F) => FieldProblems<F>;
  readonly call: (fields: F) => Promise<T>;
}

export interface CallFormState<F, T> {
  readonly fields: F;
  readonly fieldProblems: FieldProblems<F>;
  readonly nickname: string;
  /** False for a reader with a session, and while that is unknown. */
  readonly needsNickname: boolean;
  readonly status: "asking" | "calling" | "waiting" | "refused" | "done";
  /** Why the browser refused the nickname. */
  readonly nicknameProblem: TextProblem | null;
  /** Why the server refused. */
  readonly problem: Problem | null;
  /** When a refused attempt to join is repeated, in the time of the app's clock. */
  readonly retryAtMs: number | null;
  /** The server's response. */
  readonly result: T | null;
}

export interface CallFormDependencies<F, T> extends FormCall<F, T> {
  readonly session: SessionStore;
  readonly clock: Clock;
  readonly random: () => number;
  readonly network: Pick<NetworkReturn, "wait">;
}

const IDLE = {
  status: "asking",
  fieldProblems: {},
  nicknameProblem: null,
  problem: null,
  retryAtMs: null,
} as const;

export class CallForm<F, T> {
  #state: CallFormState<F, T>;
  #stop = () => {};
  #unsubscribe = () => {};
  readonly #listeners = new Listeners(
    () => {
      this.#unsubscribe = this.deps.session.subscribe(this.#sessionChanged);
      this.#sessionChanged(); // the session may have changed since
    },
    () => this.#unsubscribe(),
  );

  constructor(private readonly deps: CallFormDependencies<F, T>) {
    const { session, random, fields } = deps;
    this.#state = {
      fields,
      nickname: session.rememberedNickname ?? suggestedNickname(random),
      needsNickname: this.#isNobody(),
      result: null,
      ...IDLE,
    };
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  getSnapshot = (): CallFormState<F, T> => this.#state;

  setField = <Name extends keyof F>(name: Name, value: F[Name]): void => {
    const { fields, fieldProblems } = this.#state;
    this.#set({ fields: { ...fields, [name]: value }, fieldProblems: { ...fieldProblems, [name]: null } });
  };

  setNickname = (nickname: string): void => this.#set({ nickname, nicknameProblem: null });

  /** Make the call. While too many people join, wait as long as the server says, then join. */
  submit = async (onDone: (result: T) => void = () => undefined): Promise<void> => {
    const { fields, nickname, needsNickname, status } = this.#state;
    if (status === "calling" || status === "done") return;
    const fieldProblems = this.deps.problemsIn?.(fields) ?? {};
    const nicknameProblem = needsNickname ? nameProblem(nickname, NICKNAME_MAX) : null;
    if (nicknameProblem !== null || Object.values(fieldProblems).some((problem) => problem !== null)) {
      this.#set({ ...IDLE, status: "refused", fieldProblems, nicknameProblem });
      return;
    }
    this.#stop();
    const attempt = new AbortController();
    this.#stop = () => attempt.abort();
    this.#set({ ...IDLE, status: "calling" });
    try {
      const result = await this.#joinAndCall(attempt.signal);
      attempt.signal.throwIfAborted();
      this.#set({ ...IDLE, status: "done", result });
      onDone(result);
    } catch (error) {
      if (attempt.signal.aborted) return;
      this.#set({ ...IDLE, status: "refused", problem: error instanceof Problem ? error : unreachable() });
    }
  };

  /** The reader has closed the form. */
  stop = (): void => this.#stop();

  #joinAndCall(signal: AbortSignal): Promise<T> {
    const { call, session, random } = this.deps;
    const wait = shownWait(this.deps, signal, (shown) =>
      this.#set(shown === null ? { status: "calling", retryAtMs: null } : { status: "waiting", ...shown }),
    );
    return callAsUser(
      session,
      () => session.joinWithRetry(() => this.#state.nickname.trim(), wait, random),
      () => call(this.#state.fields),
    );
  }

  #sessionChanged = (): void => {
    const needsNickname = this.#isNobody();
    if (needsNickname !== this.#state.needsNickname) this.#set({ needsNickname });
  };

  #isNobody(): boolean {
    return this.deps.session.getSnapshot().viewer === null;
  }

  #set(change: Partial<CallFormState<F, T>>): void {
    this.#state = { ...this.#state, ...change };
    this.#listeners.notify();
  }
}
