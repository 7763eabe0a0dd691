import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { sleep } from "@/lib/sleep";
import { useServices } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";

interface Joining {
  readonly isJoining: boolean;
  /** Why joining failed, and when it is retried. */
  readonly words: string | null;
  readonly isRefused: boolean;
  /** Resolves to true once there is a session. */
  readonly join: (nickname: string) => Promise<boolean>;
}

/** Joins under a nickname. While the server refuses because too many join, it waits and retries by itself. */
export function useJoin(): Joining {
  const { t } = useTranslation();
  const { clock, session } = useServices();
  const [isJoining, setIsJoining] = useState(false);
  const [refusal, setRefusal] = useState<string | null>(null);
  const [againAtMs, setAgainAtMs] = useState<number | null>(null);
  const seconds = useCountdown(againAtMs);
  const stop = useRef(() => {});
  useEffect(() => () => stop.current(), []);

  const join = async (nickname: string) => {
    stop.current();
    const waiting = new AbortController();
    stop.current = () => waiting.abort();
    const wait = (ms: number, reason: unknown) => {
      setRefusal(errorMessage(t, reason, t("problem.unreachable")));
      setAgainAtMs(clock.now() + ms);
      return sleep(ms, waiting.signal);
    };
    setIsJoining(true);
    setRefusal(null);
    try {
      await session.joinWithRetry(nickname, wait, Math.random);
      return true;
    } catch (error) {
      if (waiting.signal.aborted) return false;
      setRefusal(errorMessage(t, error, t("problem.unreachable")));
      return false;
    } finally {
      if (!waiting.signal.aborted) {
        setIsJoining(false);
        setAgainAtMs(null);
      }
    }
  };
  const words = againAtMs !== null && isJoining ? t("composer.joinAgain", { seconds }) : refusal;
  return { isJoining, words, isRefused: refusal !== null && !isJoining, join };
}
