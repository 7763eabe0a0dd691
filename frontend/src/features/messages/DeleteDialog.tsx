import { useState } from "react";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import type { Message } from "@/lib/contract/types";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";
import { DeleteConfirmation } from "./DeleteConfirmation";

/** Deletes a message once the reader confirms. A refusal keeps the dialog open, with the reason. */
export default function DeleteDialog({ message, onClose }: { message: Message; onClose: () => void }) {
  const { t } = useTranslation();
  const { api } = useServices();
  const { roomId } = useOpenRoom();
  const [problem, setProblem] = useState<string | null>(null);
  const remove = async () => {
    try {
      await api.remove(roomId, message.id);
      onClose();
    } catch (error) {
      setProblem(errorMessage(t, error, t("message.deleteFailed")));
    }
  };
  return (
    <DeleteConfirmation
      message={message}
      problem={problem}
      onConfirm={() => void remove()}
      onClose={onClose}
    />
  );
}
