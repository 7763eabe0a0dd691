import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useEffect, useState, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import { v4 as uuid } from "uuid";
import type { Visibility } from "@/lib/contract/types";
import { errorMessage } from "@/lib/api/error-message";
import { joinWaitMessage } from "@/lib/i18n/join-wait-message";
import { textProblemMessage } from "@/lib/i18n/text-problem-message";
import { RoomCreation, type RoomCreationState } from "@/lib/rooms/room-creation";
import { useServices } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";

type Fields = Pick<RoomCreationState, "name" | "visibility" | "nickname" | "needsNickname">;

export interface CreateRoomView extends Fields {
  readonly setName: (name: string) => void;
  readonly setVisibility: (visibility: Visibility) => void;
  readonly setNickname: (nickname: string) => void;
  readonly isCreating: boolean;
  /** Why the name of the room is refused. */
  readonly nameRefusal: string | null;
  /** Why the nickname is refused. */
  readonly nicknameRefusal: string | null;
  /** Why the room was not created, or when the next attempt follows. */
  readonly refusal: string | null;
  readonly create: () => void;
}

/** Creates a room and opens it. A reader without a session joins first. `code` is the recovery code of the new room. */
export function useCreateRoom(onClose: () => void): { form: CreateRoomView; code: string | null } {
  const { t } = useTranslation();
  const { api, session, clock, network } = useServices();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [code, setCode] = useState<string | null>(null);
  const [creation] = useState(
    () =>
      new RoomCreation({
        api,
        session,
        clock,
        random: Math.random,
        network,
        newId: uuid,
        onCreated: ({ id, recovery_code }) => {
          void queryClient.invalidateQueries({ queryKey: ["rooms"] });
          setCode(recovery_code);
          if (recovery_code === null) onClose(); // somebody else owns it by now
          void navigate({ to: "/rooms/$roomId", params: { roomId: id } });
        },
      }),
  );
  useEffect(() => creation.stop, [creation]);
  const { nameProblem, nicknameProblem, problem, retryAtMs, status, ...fields } = useSyncExternalStore(
    creation.subscribe,
    creation.getSnapshot,
  );
  const seconds = useCountdown(retryAtMs);
  const refusal = () => {
    if (status === "waiting") return joinWaitMessage(t, problem, seconds);
    return problem === null ? null : errorMessage(t, problem, t("problem.unreachable"));
  };
  const form = {
    ...fields,
    setVisibility: creation.setVisibility,
    setName: creation.setName,
    setNickname: creation.setNickname,
    isCreating: status === "creating",
    nameRefusal: nameProblem && textProblemMessage(t, nameProblem),
    nicknameRefusal: nicknameProblem && textProblemMessage(t, nicknameProblem),
    refusal: refusal(),
    create: () => void creation.create(),
  };
  return { form, code };
}
