import { useTranslation } from "react-i18next";
import type { Message } from "@/lib/contract/types";
import type { BanTarget } from "@/lib/people/ban-scope";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";

const BanDialog = lazyComponent(() => import("@/features/hosts/BanDialog"));
const DeleteDialog = lazyComponent(() => import("@/features/messages/DeleteDialog"));
const ReportDialog = lazyComponent(() => import("@/features/messages/ReportDialog"));
const RecoveryDialog = lazyComponent(() => import("@/features/hosts/RecoveryDialog"));

/** What the reader is asked to confirm. */
export type RoomQuestion =
  | { readonly kind: "delete" | "report"; readonly message: Message }
  | { readonly kind: "ban"; readonly target: BanTarget };

interface RoomDialogsProps {
  question: RoomQuestion | null;
  /** The code of a recovery link that the reader has opened. */
  recoveryCode: string | null;
  onShowBans: () => void;
  onClose: () => void;
}

/** The dialog that is open over the room. */
export function RoomDialogs({ question, recoveryCode, onShowBans, onClose }: RoomDialogsProps) {
  const { t } = useTranslation();
  const { toast } = useOpenRoom();
  return (
    <ErrorBoundary
      resetKey={question ?? recoveryCode}
      fallback={null}
      onError={() => {
        onClose();
        toast(t("problem.partBroken"));
      }}
    >
      {question === null && recoveryCode !== null && <RecoveryDialog code={recoveryCode} onClose={onClose} />}
      {question?.kind === "delete" && <DeleteDialog message={question.message} onClose={onClose} />}
      {question?.kind === "report" && <ReportDialog message={question.message} onClose={onClose} />}
      {question?.kind === "ban" && (
        <BanDialog target={question.target} onShowBans={onShowBans} onClose={onClose} />
      )}
    </ErrorBoundary>
  );
}
