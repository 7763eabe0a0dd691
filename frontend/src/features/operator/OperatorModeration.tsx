import Moderation from "@/features/moderation/Moderation";
import "@/lib/i18n/operator/operator-words";
import { ServicesContext } from "@/ui/services-context";
import { NotSignedIn } from "./NotSignedIn";
import { useOperatorServices } from "./use-operator-services";
import { useOperatorSession } from "./use-operator-session";

interface OperatorModerationProps {
  roomId: string;
  /** Opens the room list where the layout does not show it. */
  onMenu: () => void;
}

/** The moderator view of any room, for the operator who has signed in in this browser. */
export default function OperatorModeration({ roomId, onMenu }: OperatorModerationProps) {
  const { status, refusal } = useOperatorSession();
  const services = useOperatorServices();
  if (status === "loading") return null;
  if (status !== "signedIn") return <NotSignedIn refusal={refusal} />;
  return (
    <ServicesContext value={services}>
      <Moderation roomId={roomId} onMenu={onMenu} />
    </ServicesContext>
  );
}
