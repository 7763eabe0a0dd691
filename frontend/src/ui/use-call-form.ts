import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Problem } from "@/lib/api/problem";
import { joinWaitMessage } from "@/lib/i18n/join-wait-message";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { CallForm, type CallFormState } from "@/lib/session/call-form";
import { useServices } from "./services-context";
import { useCountdown } from "./use-countdown";

export interface CallFormView extends Pick<CallFormState<unknown>, "nickname" | "needsNickname"> {
  readonly setNickname: (nickname: string) => void;
  readonly isCalling: boolean;
  /** What to change in the nickname. */
  readonly nicknameRefusal: string | null;
  /** Why the call failed, or when the next attempt follows. */
  readonly refusal: string | null;
  readonly submit: () => void;
}

interface DoneCall<T> {
  readonly isDone: boolean;
  /** What the server has answered. */
  readonly result: T | null;
}

/** A form that makes the call of its first render, and says by `refusalOf` why it was refused. */
export function useCallForm<T>(
  call: () => Promise<T>,
  refusalOf: (problem: Problem) => string,
): DoneCall<T> & { readonly form: CallFormView } {
  const { t } = useTranslation();
  const { session, clock, network } = useServices();
  const [made] = useState(() => new CallForm({ call, session, clock, random: Math.random, network }));
  useEffect(() => made.stop, [made]);
  const { status, nicknameProblem, problem, retryAtMs, result, ...fields } = useSyncExternalStore(
    made.subscribe,
    made.getSnapshot,
  );
  const seconds = useCountdown(retryAtMs);
  const refusal = () => {
    if (status === "waiting") return joinWaitMessage(t, problem, seconds);
    return problem && refusalOf(problem);
  };
  return {
    isDone: status === "done",
    result,
    form: {
      ...fields,
      setNickname: made.setNickname,
      isCalling: status === "calling",
      nicknameRefusal: nicknameProblem && textProblemMessage(t, nicknameProblem),
      refusal: refusal(),
      submit: () => void made.submit(),
    },
  };
}
