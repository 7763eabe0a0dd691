import { defaultEmojiDataResolver, type EmojiDataResolver } from "frimousse";
import { useCallback, useEffect, useState } from "react";
import { DEADLINE_MS } from "@/lib/api/deadline";
import { useServices } from "@/ui/services-context";

export interface EmojiDataState {
  /** The number of the current attempt to load the data. */
  readonly attempt: number;
  readonly isFailed: boolean;
  readonly resolve: EmojiDataResolver;
  readonly retry: () => void;
}

/** Loads the data of the emoji picker. The picker itself neither limits how long that takes nor reports a failure. */
export function useEmojiData(): EmojiDataState {
  const { clock, network } = useServices();
  const [attempt, setAttempt] = useState(0);
  const [isFailed, setIsFailed] = useState(false);
  const retry = useCallback(() => {
    setIsFailed(false);
    setAttempt((attempts) => attempts + 1);
  }, []);
  useEffect(() => (isFailed ? network.subscribe(retry) : undefined), [isFailed, network, retry]);

  const resolve: EmojiDataResolver = async (locale, options) => {
    let cancelDeadline = () => {};
    const deadline = new Promise<never>((_, reject) => {
      cancelDeadline = clock.after(DEADLINE_MS, () => reject(new Error("emoji data: no answer")));
    });
    try {
      return await Promise.race([defaultEmojiDataResolver(locale, options), deadline]);
    } catch (error) {
      if (options.signal?.aborted !== true) setIsFailed(true);
      throw error;
    } finally {
      cancelDeadline();
    }
  };
  return { attempt, isFailed, resolve, retry };
}
