import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage, type OwnSentences } from "@/lib/api/error-message";

export interface Call {
  /** Why the last call failed. */
  readonly refusal: string | null;
  readonly isCalling: boolean;
  readonly refuse: (sentence: string) => void;
  readonly run: (call: () => Promise<void>) => void;
}

/** Runs the calls of one part of the page, and says why one was refused. `failure`: the sentence for a server that does not
 * answer. `own`: sentences for codes that mean something special here. */
export function useCall(failure: string, own?: OwnSentences): Call {
  const { t } = useTranslation();
  const [refusal, setRefusal] = useState<string | null>(null);
  const [isCalling, setIsCalling] = useState(false);
  const run = async (call: () => Promise<void>) => {
    setRefusal(null);
    setIsCalling(true);
    try {
      await call();
    } catch (error) {
      setRefusal(errorMessage(t, error, failure, own));
    } finally {
      setIsCalling(false);
    }
  };
  return { refusal, isCalling, refuse: setRefusal, run: (call) => void run(call) };
}
