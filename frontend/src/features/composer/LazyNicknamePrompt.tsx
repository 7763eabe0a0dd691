import { useTranslation } from "react-i18next";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";

const NicknamePrompt = lazyComponent(async () => {
  const { NicknamePrompt } = await import("@/features/session/NicknamePrompt");
  return { default: NicknamePrompt };
});

/** The nickname prompt, loaded when a new reader first writes. If that fails, the composer keeps the text. */
export function LazyNicknamePrompt({ willSend }: { willSend: boolean }) {
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
      <NicknamePrompt willSend={willSend} onClose={session.cancel} />
    </ErrorBoundary>
  );
}
