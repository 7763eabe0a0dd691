import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Problem } from "@/lib/api/problem";
import { joinWaitMessage } from "@/lib/i18n/join-wait-message";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { CallForm, type CallFormState, type FormCall } from "@/lib/session/call-form";
import { useServices } from "./services-context";
import { useCountdown } from "./use-countdown";

export interface CallFormView extends Pick<CallFormState<unknown, unknown>, "nickname" | "needsNickname"> {
  readonly setNickname: (nickname: string) => void;
  readonly isCalling: boolean;
  /** What to change in the nickname. */
  readonly nicknameRefusal: string | null;
  /** Why the call failed, or when the next attempt follows. */
  readonly refusal: string | null;
  readonly submit: () => void;
}

interface UsedCallForm<F, T> extends Pick<CallFormState<F, T>, "fields" | "fieldProblems" | "result"> {
  readonly setField: CallForm<F, T>["setField"];
  readonly form: CallFormView;
}

/** A form that makes the call of its first render. `refusalOf` words why the server refused it. */
export function useCallForm<F, T>(
  formCall: FormCall<F, T>,
  refusalOf: (problem: Problem) => string,
  onDone: (result: T) => void = () => undefined,
): UsedCallForm<F, T> {
  const { t } = useTranslation();
  const { session, clock, network } = useServices();
  const [made] = useState(() => new CallForm({ ...formCall, session, clock, random: Math.random, network }));
  useEffect(() => made.stop, [made]);
  const { fields, fieldProblems, result, status, nicknameProblem, problem, retryAtMs, ...nickname } =
    useSyncExternalStore(made.subscribe, made.getSnapshot);
  const seconds = useCountdown(retryAtMs);
  const refusal = () => {
    if (status === "waiting") return joinWaitMessage(t, problem, seconds);
    return problem && refusalOf(problem);
  };
  return {
    fields,
    fieldProblems,
    result,
    setField: made.setField,
    form: {
      ...nickname,
      setNickname: made.setNickname,
      isCalling: status === "calling",
      nicknameRefusal: nicknameProblem && textProblemMessage(t, nicknameProblem),
      refusal: refusal(),
      submit: () => void made.submit(onDone),
    },
  };
}
