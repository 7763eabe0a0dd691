import { useEffect, useMemo, useReducer, useSyncExternalStore } from "react";
import type { ComposerState } from "@/lib/composer/composer-machine";
import type { ComposerStore } from "@/lib/composer/composer-store";
import { slowModeOf, type SlowModeRule } from "@/lib/composer/slow-mode";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { useServices, useViewer } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";

export interface SlowMode {
  /** Null if this writer never waits. */
  readonly rule: SlowModeRule | null;
  /** Seconds until the next message may be sent. */
  readonly waitS: number;
}

/** Slow mode for this writer. Edits of messages have a wait of their own. */
export function useSlowMode(
  screen: RoomScreen,
  composer: ComposerStore,
  { postedAtMs, edit }: ComposerState,
): SlowMode {
  const { clock } = useServices();
  const viewer = useViewer();
  const { room } = screen.feed;
  useRenderAt(room?.slowModeUntilMs ?? null);
  const rule = slowModeOf(room, viewer?.id, clock.epochMs());
  const delayedUntilMs = useDelayedPost();
  useEffect(() => {
    if (delayedUntilMs !== null) composer.dispatch({ type: "post-delayed", untilMs: delayedUntilMs });
  }, [composer, delayedUntilMs]);
  const lastAtMs = Math.max(postedAtMs ?? -Infinity, usePostedElsewhere(screen, rule !== null));
  const isWaiting = rule !== null && lastAtMs > -Infinity && edit?.kind !== "message";
  const waitS = useCountdown(isWaiting ? lastAtMs + rule.seconds * 1_000 : null);
  return { rule, waitS };
}

/** When a post of this room that slow mode has refused will be sent again; null for none. */
function useDelayedPost(): number | null {
  const { outbox } = useServices();
  const { roomId } = useOpenRoom();
  return useSyncExternalStore(outbox.subscribe, () => {
    const post = outbox
      .getSnapshot()
      .posts.find((each) => each.roomId === roomId && each.status === "waiting" && each.code === "slow_mode");
    return post?.status === "waiting" ? post.retryAtMs : null;
  });
}

/** When the writer's last message was posted, if that was before a reload or in another tab; -Infinity for never. */
function usePostedElsewhere({ feed: { room } }: RoomScreen, isNeeded: boolean): number {
  const { clock, outbox } = useServices();
  const viewerId = useViewer()?.id;
  const own = isNeeded ? room?.messages.findLast(({ author }) => author.id === viewerId) : undefined;
  const createdAt = own === undefined || outbox.clientIdOf(own.id) !== undefined ? null : own.created_at;
  return useMemo(
    () => (createdAt === null ? -Infinity : clock.now() - (clock.epochMs() - Date.parse(createdAt))),
    [clock, createdAt],
  );
}

/** Renders again at a time in ms since the epoch, when slow mode ends unless a newer signal has arrived. */
function useRenderAt(timeMs: number | null): void {
  const { clock } = useServices();
  const [, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (timeMs === null) return;
    return clock.after(Math.max(0, timeMs - clock.epochMs()), render);
  }, [clock, timeMs]);
}
