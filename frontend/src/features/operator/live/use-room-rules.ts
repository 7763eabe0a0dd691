import { useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { HostApi } from "@/lib/api/host-api";
import type { OpsRoom, RoomPatch, WhoCanPost } from "@/lib/contract/types";
import { chosenOf, fieldOf, patchOf, withField } from "@/lib/rooms/slow-mode-choice";
import { useCall } from "@/ui/use-call";
import { useOperatorServices } from "../use-operator-services";

/** What the form has. */
interface ChosenRules {
  /** A value of the form's field, as `fieldOf` makes it. */
  readonly slowMode: string;
  readonly whoCanPost: string;
  readonly reason: string;
}

export interface RoomRulesCall {
  readonly refusal: string | null;
  readonly isCalling: boolean;
  readonly save: (rules: ChosenRules) => void;
}

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
        const patch = changesOf(rules, room);
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
function changesOf({ slowMode, whoCanPost }: ChosenRules, room: OpsRoom): RoomPatch {
  const current = chosenOf(room.slow_mode);
  return {
    ...(slowMode !== fieldOf(current) && { slow_mode: patchOf(withField(current, slowMode)) }),
    ...(whoCanPost !== room.who_can_post && { who_can_post: whoCanPost as WhoCanPost }),
  };
}
