import { useState } from "react";
import { useTranslation } from "react-i18next";
import { done } from "@/lib/api/answer";
import { errorMessage } from "@/lib/api/error-message";
import { useServices } from "@/ui/services-context";

export interface ErasureState {
  readonly isConfirming: boolean;
  readonly isErasing: boolean;
  /** Why the user is not deleted. */
  readonly refusal: string | null;
  readonly setIsConfirming: (isConfirming: boolean) => void;
  readonly erase: () => void;
}

/** Deletes the user everywhere, after a confirmation. `onDone` is called once the sessions have ended. */
export function useErasure(onDone: () => void): ErasureState {
  const { t } = useTranslation();
  const { session, api } = useServices();
  const [isConfirming, setIsConfirming] = useState(false);
  const [isErasing, setIsErasing] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const erase = async () => {
    setRefusal(null);
    setIsErasing(true);
    try {
      await session.signOutBy(async () => {
        await done(api.client.DELETE("/api/v1/me"));
      });
      onDone();
    } catch (error) {
      setRefusal(errorMessage(t, error, t("settings.eraseFailed")));
      setIsErasing(false);
    }
  };
  return { isConfirming, isErasing, refusal, setIsConfirming, erase: () => void erase() };
}
