import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { errorMessage } from "@/lib/api/error-message";
import { useCallForm, type CallFormView } from "@/ui/use-call-form";
import { useHostApi } from "@/ui/use-host-api";

/** Accepts an invite, and opens its room. */
export function useInvite(code: string, onClose: () => void): CallFormView {
  const { t } = useTranslation();
  const api = useHostApi();
  const navigate = useNavigate();
  const queryClient = useQueryClient();
  const { form } = useCallForm(
    { fields: {}, call: () => api.acceptInvite(code) },
    (problem) => {
      if (problem.code === "invite_not_found") return t("invite.notFound");
      if (problem.code === "banned" && !problem.isEverywhere) return t("invite.banned");
      return errorMessage(t, problem, t("problem.unreachable"));
    },
    ({ room_id: roomId }) => {
      void queryClient.invalidateQueries({ queryKey: ["rooms"] });
      onClose();
      void navigate({ to: "/rooms/$roomId", params: { roomId } });
    },
  );
  return form;
}
