import { useEffect, useReducer, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { postingBlock, type PostingBlock } from "@/lib/composer/posting-block";
import { startOfDay } from "@/lib/local-time";
import type { RoomScreen } from "@/lib/room-view/room-view";
import { useOpenRoom } from "@/ui/room-context";
import { useServices, useViewer } from "@/ui/services-context";
import { useLocalTime } from "@/ui/use-local-time";
import { useOwnRole } from "./use-own-role";

const CHECK_MAX_MS = 60_000; // the device may sleep, or its clock may be changed

export interface ShownBlock {
  /** Why the reader may not write, and until when; null if they may. */
  readonly sentence: string | null;
  /** The reason that the host gave for the ban. */
  readonly banReason: string | null;
}

/** Keeps the block of the room's composer up to date. */
export function usePostingBlock(screen: RoomScreen): ShownBlock {
  const { clock, composers } = useServices();
  const { roomId } = useOpenRoom();
  const composer = composers.of(roomId);
  const state = useSyncExternalStore(composer.subscribe, composer.getSnapshot);
  const userId = useViewer()?.id;
  const ownRole = useOwnRole(state);
  const ban = ownRole?.banned ?? null;
  const isNameReserved = ownRole?.why_not === "nickname_reserved";
  const block = postingBlock(screen.feed.room, { userId, ban, isNameReserved }, clock.epochMs());
  const reason = block?.reason;
  const untilMs = block?.untilMs ?? null;
  useRenderAt(untilMs);
  useEffect(() => {
    composer.dispatch({
      type: "block-changed",
      block: reason === undefined ? null : { reason, untilMs },
    });
  }, [composer, reason, untilMs]);
  const isBan = reason === "banned" || reason === "banned-everywhere";
  const banReason = isBan ? (ban?.reason ?? null) : null;
  return { sentence: useBlockWords(state.block), banReason };
}

function useBlockWords(block: PostingBlock | null): string | null {
  const { t } = useTranslation();
  const { clock } = useServices();
  const localTime = useLocalTime();
  if (block === null) return null;
  if (block.reason === "moderators-only") return t("composer.moderatorsOnly");
  if (block.reason === "name") return t("composer.nameReserved");
  const isEverywhere = block.reason === "banned-everywhere";
  if (block.untilMs === null)
    return t(isEverywhere ? "composer.bannedEverywhereForGood" : "composer.bannedForGood");
  const isToday = startOfDay(block.untilMs) === startOfDay(clock.epochMs());
  const until = new Date(block.untilMs).toISOString();
  const time = isToday ? localTime.shortTime(until) : localTime.exactTime(until);
  if (isEverywhere) return t("composer.bannedEverywhere", { time });
  return t(block.reason === "banned" ? "composer.banned" : "composer.newcomer", { time });
}

/** Renders again at a time in ms since the epoch. */
function useRenderAt(timeMs: number | null): void {
  const { clock } = useServices();
  const [renders, render] = useReducer((count: number) => count + 1, 0);
  useEffect(() => {
    if (timeMs === null) return;
    return clock.after(Math.min(CHECK_MAX_MS, Math.max(0, timeMs - clock.epochMs())), render);
  }, [clock, timeMs, renders]);
}
