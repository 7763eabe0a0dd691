import { useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { joinWaitMessage } from "@/lib/i18n/join-wait-message";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { useServices } from "@/ui/services-context";
import { useConfig } from "@/ui/use-config";
import { useCountdown } from "@/ui/use-countdown";
import { JoiningClosed } from "./JoiningClosed";
import { joiningOf } from "./joining-of";
import { NicknameForm } from "./NicknameForm";

/** Asks for a nickname and joins. Coordinates the attempt; NicknameForm renders it. */
export function NicknamePrompt({ willSend }: { willSend: boolean }) {
  const { t } = useTranslation();
  const services = useServices();
  const { session } = services;
  const joining = joiningOf(services);
  const { nickname, status, textProblem, problem, retryAtMs } = useSyncExternalStore(
    joining.subscribe,
    joining.getSnapshot,
  );
  const seconds = useCountdown(retryAtMs);
  const refusal = () => {
    if (status === "waiting") return joinWaitMessage(t, problem, seconds);
    if (textProblem !== null) return textProblemMessage(t, textProblem);
    return status === "refused" ? errorMessage(t, problem, t("problem.unreachable")) : null;
  };
  const mode = useConfig()?.sessions ?? "open";
  if (mode !== "open") return <JoiningClosed mode={mode} onCancel={session.cancel} />;
  return (
    <NicknameForm
      nickname={nickname}
      isJoining={status === "joining"}
      isRefused={status === "refused"}
      refusal={refusal()}
      willSend={willSend}
      onChange={joining.setNickname}
      onSuggest={joining.suggest}
      onJoin={() => void joining.join()}
      onCancel={session.cancel}
    />
  );
}
