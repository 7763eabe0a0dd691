import { useTranslation } from "react-i18next";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

const NameForm = lazyComponent(async () => {
  const { NameForm } = await import("@/features/session/NameForm");
  return { default: NameForm };
});

/** Asks for a nickname. The form is loaded when a new reader first writes; if that fails, the text stays in the field. */
export function NameQuestion({ willSend }: { willSend: boolean }) {
  const { t } = useTranslation();
  const { session } = useServices();
  const { toast } = useOpenRoom();
  return (
    <ErrorBoundary
      resetKey={session}
      fallback={null}
      onError={() => {
        session.cancel();
        toast(t("problem.partBroken"));
      }}
    >
      <NameForm willSend={willSend} onClose={session.cancel} />
    </ErrorBoundary>
  );
}
