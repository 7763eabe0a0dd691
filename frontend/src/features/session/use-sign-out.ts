import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { useServices } from "@/ui/services-context";

export interface SignOutState {
  /** Why the session has not ended. */
  readonly refusal: string | null;
  /** Ends the session of this browser, or all sessions of the user. */
  readonly signOut: (everywhere: boolean) => void;
}

/** Signs the user out. `onDone` is called once the session has ended. */
export function useSignOut(onDone: () => void): SignOutState {
  const { t } = useTranslation();
  const { session } = useServices();
  const [refusal, setRefusal] = useState<string | null>(null);
  const signOut = async (everywhere: boolean) => {
    setRefusal(null);
    try {
      await session.signOut(everywhere);
      onDone();
    } catch (error) {
      setRefusal(errorMessage(t, error, t("settings.signOutFailed")));
    }
  };
  return { refusal, signOut: (everywhere) => void signOut(everywhere) };
}
