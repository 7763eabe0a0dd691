import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Dialog } from "radix-ui";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { v4 as uuid } from "uuid";
import { errorMessage } from "@/lib/api/error-message";
import { useServices } from "@/ui/services-context";
import { suggestedNickname } from "@/lib/suggested-nickname";

const NAME_MAX = 80;

/** A new room needs a name, and its maker one too: a suggested one is taken if there is none yet. */
export default function CreateRoom({ onClose }: { onClose: () => void }) {
  const { t } = useTranslation();
  const { api, session } = useServices();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const [name, setName] = useState("");
  const [nickname, setNickname] = useState(
    () => session.rememberedNickname ?? suggestedNickname(Math.random),
  );
  const [roomKey, setRoomKey] = useState(() => uuid());
  const [problem, setProblem] = useState<string | null>(null);
  const needsName = session.getSnapshot().viewer == null;

  const create = async () => {
    try {
      if (needsName) await session.join(nickname.trim());
      await session.withSession(async () => {
        const room = await api.createRoom(name.trim(), roomKey);
        await queryClient.invalidateQueries({ queryKey: ["rooms"] });
        onClose();
        await navigate({ to: "/rooms/$roomId", params: { roomId: room.id } });
      });
    } catch (error) {
      setProblem(errorMessage(t, error, t("problem.unreachable")));
    }
  };

  return (
    <Dialog.Root open onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className="overlay" />
        <Dialog.Content className="dialog" aria-describedby={undefined}>
          <Dialog.Title>{t("rooms.create")}</Dialog.Title>
          <form
            onSubmit={(event) => {
              event.preventDefault();
              void create();
            }}
          >
            <label className="field">
              {t("rooms.name")}
              <input
                value={name}
                maxLength={NAME_MAX}
                required
                dir="auto"
                onChange={(e) => {
                  setName(e.target.value);
                  setRoomKey(uuid()); // another name is another room
                }}
              />
            </label>
            {needsName && (
              <label className="field">
                {t("composer.nameTitle")}
                <input
                  value={nickname}
                  maxLength={32}
                  required
                  onChange={(e) => setNickname(e.target.value)}
                />
              </label>
            )}
            <p className="error" role="alert">
              {problem}
            </p>
            <div className="dialog-buttons">
              <Dialog.Close className="quiet-button">{t("app.cancel")}</Dialog.Close>
              <button type="submit" className="primary-button" disabled={name.trim() === ""}>
                {t("rooms.make")}
              </button>
            </div>
          </form>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
