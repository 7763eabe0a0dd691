import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";

export interface OperatorCall {
  /** Why the last call failed. */
  readonly refusal: string | null;
  readonly isCalling: boolean;
  readonly refuse: (sentence: string) => void;
  readonly run: (call: () => Promise<void>) => void;
}

/** Runs the calls of one section, and says why one was refused. */
export function useOperatorCall(): OperatorCall {
  const { t } = useTranslation("operator");
  const { t: words } = useTranslation();
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isCalling, setIsCalling] = useState(false);
  const run = async (call: () => Promise<void>) => {
    setRefusal(null);
    setIsCalling(true);
    try {
      await call();
    } catch (error) {
      setRefusal(errorMessage(words, error, t("callFailed")));
    } finally {
      setIsCalling(false);
    }
  };
  return { refusal, isCalling, refuse: setRefusal, run: (call) => void run(call) };
}
