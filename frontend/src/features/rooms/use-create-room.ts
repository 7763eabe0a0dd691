import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { v4 as uuid } from "uuid";
import { errorMessage } from "@/lib/api/error-message";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { roomCreation, type NewRoom } from "@/lib/rooms/room-creation";
import type { CallForm } from "@/lib/session/call-form";
import type { RoomWithCode } from "@/lib/contract/types";
import { useServices } from "@/ui/services-context";
import { useCallForm, type CallFormView } from "@/ui/use-call-form";

export interface CreateRoomView {
  readonly room: NewRoom;
  readonly setField: CallForm<NewRoom, RoomWithCode>["setField"];
  /** Why the name of the room is refused. */
  readonly nameRefusal: string | null;
  readonly form: CallFormView;
}

/** Creates a room and opens it. `code` is the recovery code of the new room. */
export function useCreateRoom(onClose: () => void): CreateRoomView & { readonly code: string | null } {
  const { t } = useTranslation();
  const { api } = useServices();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { fields, fieldProblems, result, setField, form } = useCallForm(
    roomCreation(api, uuid),
    (problem) => errorMessage(t, problem, t("problem.unreachable")),
    ({ id, recovery_code }) => {
      void queryClient.invalidateQueries({ queryKey: ["rooms"] });
      if (recovery_code === null) onClose(); // somebody else has become the owner in the meantime
      void navigate({ to: "/rooms/$roomId", params: { roomId: id } });
    },
  );
  const nameProblem = fieldProblems.name ?? null;
  return {
    room: fields,
    setField,
    nameRefusal: nameProblem && textProblemMessage(t, nameProblem),
    form,
    code: result?.recovery_code ?? null,
  };
}
