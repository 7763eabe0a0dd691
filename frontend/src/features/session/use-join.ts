import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { useServices } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";

interface Joining {
  readonly isJoining: boolean;
  /** Why not, and when it is tried again. */
  readonly words: string | null;
  readonly isRefused: boolean;
  /** True once there is a session. */
  readonly join: (nickname: string) => Promise<boolean>;
}

/** Joins under a name. Where too many join at once, it waits as the server says and goes on by itself. */
export function useJoin(): Joining {
  const { t } = useTranslation();
  const { session } = useServices();
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
      setAgainAtMs(Date.now() + ms);
      return aWhile(ms, waiting.signal);
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

function aWhile(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("nobody waits", "AbortError"));
    });
  });
}
