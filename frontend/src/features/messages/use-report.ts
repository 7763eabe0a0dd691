import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { reportMessage } from "@/lib/api/report-message";
import type { Message } from "@/lib/contract/types";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { nameProblem } from "@/lib/text/allowed-characters";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

const REASON_MAX = 200; // code points, as the server counts them

export interface ReportDraft {
  readonly reason: string;
  readonly setReason: (reason: string) => void;
  readonly isSending: boolean;
  readonly refusal: string | null;
  readonly send: () => void;
}

/** A report that the reader is about to send. */
export function useReport(message: Message, onSent: () => void): ReportDraft {
  const { t } = useTranslation();
  const { api } = useServices();
  const { roomId, toast } = useOpenRoom();
  const [reason, setReason] = useState("");
  const [isSending, setIsSending] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);

  const send = async () => {
    const problem = nameProblem(reason, REASON_MAX);
    if (problem !== null) {
      setRefusal(problem.kind === "empty" ? t("message.reportNeedsReason") : textProblemMessage(t, problem));
      return;
    }
    setIsSending(true);
    setRefusal(null);
    try {
      await reportMessage(api, { room_id: roomId, message_id: message.id }, reason.trim());
      toast(t("message.reported"));
      onSent();
    } catch (error) {
      const own = { too_many: t("message.reportsFull") };
      setRefusal(errorMessage(t, error, t("message.reportFailed"), own));
      setIsSending(false);
    }
  };
  return { reason, setReason, isSending, refusal, send: () => void send() };
}
