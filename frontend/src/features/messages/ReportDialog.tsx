import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import { ModalDialog } from "@/ui/ModalDialog";
import { ReportForm } from "./ReportForm";
import { useReport } from "./use-report";

interface ReportDialogProps {
  message: Message;
  onClose: () => void;
}

/** Reports a message to the hosts, with a reason. A refusal keeps the dialog open. */
export default function ReportDialog({ message, onClose }: ReportDialogProps) {
  const { t } = useTranslation();
  const report = useReport(message, onClose);
  return (
    <ModalDialog title={t("message.reportTitle")} onClose={onClose}>
      <ReportForm {...report} text={message.text} onCancel={onClose} />
    </ModalDialog>
  );
}
