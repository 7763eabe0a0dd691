import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { serverSentence } from "@/lib/api/error-message";
import { Problem } from "@/lib/api/problem";
import { useCall } from "@/ui/use-call";
import { useOperatorApi } from "./use-operator-api";

const NOT_SIGNED_IN = ["unauthenticated", "session_expired", "forbidden"];

export interface OperatorSession {
  readonly status: "loading" | "signedOut" | "signedIn" | "failed";
  /** Why signing in or out failed, or why the page cannot check whether the operator is signed in. */
  readonly refusal: string | null;
  readonly isCalling: boolean;
  readonly signIn: (token: string) => void;
  readonly signOut: () => void;
}

/** Whether the browser has the cookie of a signed-in operator. The token itself is kept nowhere. */
export function useOperatorSession(): OperatorSession {
  const { t } = useTranslation("operator");
  const api = useOperatorApi();
  const queryClient = useQueryClient();
  const { refusal, isCalling, refuse, run } = useCall(t("callFailed"));
  const { data, error } = useQuery({
    queryKey: ["operator", "session"],
    queryFn: () => api.log(),
    retry: false,
    gcTime: 0,
  });
  const isRefused = error instanceof Problem && NOT_SIGNED_IN.includes(error.code);
  const status = () => {
    if (isRefused) return "signedOut";
    if (data !== undefined) return "signedIn"; // also while the server is away: figures and drafts stay
    return error === null ? "loading" : "failed";
  };
  const signIn = async (token: string) => {
    try {
      await api.signIn(token);
    } catch (failure) {
      refuse(serverSentence(failure, t("callFailed")));
      return;
    }
    await queryClient.resetQueries({ queryKey: ["operator"] });
  };
  return {
    status: status(),
    refusal: refusal ?? (status() === "failed" ? t("callFailed") : null),
    isCalling,
    signIn: (token) => run(() => signIn(token)),
    signOut: () =>
      run(async () => {
        await api.signOut();
        await queryClient.resetQueries({ queryKey: ["operator"] });
      }),
  };
}
