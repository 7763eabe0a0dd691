import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { HostApi } from "@/lib/api/host-api";
import type { OpsRoom, RoomPatch, WhoCanPost } from "@/lib/contract/types";
import { DEFAULT_TARGET_PER_S } from "@/lib/rooms/slow-mode-target";
import { useCall } from "@/ui/use-call";
import { useOperatorServices } from "../use-operator-services";

/** What the form has. */
interface ChosenRules {
  /** "off", "auto", or the seconds of a fixed wait. */
  readonly slowMode: string;
  readonly whoCanPost: string;
  readonly reason: string;
}

export interface RoomRulesCall {
  readonly refusal: string | null;
  readonly isCalling: boolean;
  readonly save: (rules: ChosenRules) => void;
}

/** The room's slow mode as a value of the form's field. */
export const slowModeField = ({ slow_mode }: Pick<OpsRoom, "slow_mode">): string => {
  if (slow_mode === null) return "off";
  return slow_mode.mode === "fixed" ? String(slow_mode.seconds) : slow_mode.mode;
};

/** Changes the rules of a room with the rights of the operator. */
export function useRoomRules(room: OpsRoom, onDone: () => void): RoomRulesCall {
  const { t } = useTranslation("operator");
  const { api } = useOperatorServices();
  const queryClient = useQueryClient();
  const { refusal, isCalling, run } = useCall(t("callFailed"));
  return {
    refusal,
    isCalling,
    save: (rules) =>
      run(async () => {
        const patch = patchOf(rules, room);
        if (Object.keys(patch).length > 0) {
          const reason = rules.reason === "" ? {} : { reason: rules.reason };
          await new HostApi(api).changeRoom(room.id, { ...patch, ...reason });
          await queryClient.invalidateQueries({ queryKey: ["operator", "log"] });
        }
        onDone();
      }),
  };
}

/** Only what differs from the room. */
function patchOf({ slowMode, whoCanPost }: ChosenRules, room: OpsRoom): RoomPatch {
  return {
    ...(slowMode !== slowModeField(room) && { slow_mode: slowModeOf(slowMode) }),
    ...(whoCanPost !== room.who_can_post && { who_can_post: whoCanPost as WhoCanPost }),
  };
}

function slowModeOf(field: string): NonNullable<RoomPatch["slow_mode"]> {
  if (field === "off") return { mode: "off" };
  if (field === "auto") return { mode: "auto", target_posts_per_s: DEFAULT_TARGET_PER_S };
  return { mode: "fixed", seconds: Number(field) };
}
