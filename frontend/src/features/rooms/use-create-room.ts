import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { v4 as uuid } from "uuid";
import { errorMessage } from "@/lib/api/error-message";
import { suggestedNickname } from "@/lib/suggested-nickname";
import { useServices } from "@/ui/services-context";

export interface CreateRoomState {
  /** The name of the room. */
  readonly name: string;
  readonly setName: (name: string) => void;
  /** The reader's nickname, a suggestion at first; null for a reader with a session. */
  readonly nickname: string | null;
  readonly setNickname: (nickname: string) => void;
  /** Why the room was not created. */
  readonly refusal: string | null;
  readonly create: () => void;
}

/** Creates a room and opens it. A reader without a session joins first. */
export function useCreateRoom(onClose: () => void): CreateRoomState {
  const { t } = useTranslation();
  const { api, session } = useServices();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [nickname, setNickname] = useState(
    () => session.rememberedNickname ?? suggestedNickname(Math.random),
  );
  const [idempotencyKey, setIdempotencyKey] = useState(() => uuid());
  const [refusal, setRefusal] = useState<string | null>(null);
  const hasSession = session.getSnapshot().viewer != null;

  const create = async () => {
    try {
      if (!hasSession) await session.join(nickname.trim());
      await session.withSession(async () => {
        const room = await api.createRoom(name.trim(), idempotencyKey);
        await queryClient.invalidateQueries({ queryKey: ["rooms"] });
        onClose();
        await navigate({ to: "/rooms/$roomId", params: { roomId: room.id } });
      });
    } catch (error) {
      setRefusal(errorMessage(t, error, t("problem.unreachable")));
    }
  };

  return {
    name,
    setName: (changed) => {
      setName(changed);
      setIdempotencyKey(uuid()); // another name is another room
    },
    nickname: hasSession ? null : nickname,
    setNickname,
    refusal,
    create: () => void create(),
  };
}
