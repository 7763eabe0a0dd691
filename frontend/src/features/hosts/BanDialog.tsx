import "@/lib/i18n/hosts/host-words";
import type { BanTarget } from "@/lib/people/ban-scope";
import { BanConfirmation } from "./BanConfirmation";
import { useBan } from "./use-ban";

interface BanDialogProps {
  target: BanTarget;
  onShowBans: () => void;
  onClose: () => void;
}

/** Bans the author of a message, or everybody who sent its text, once the host confirms. Changes of the list do not change
 * whom the dialog bans. A refusal keeps the dialog open, with the reason. */
export default function BanDialog({ target, onShowBans, onClose }: BanDialogProps) {
  const choice = useBan(target, onClose);
  const sameText = target.scope === "same-text" ? target.message.text : null;
  return <BanConfirmation {...choice} sameText={sameText} onShowBans={onShowBans} onClose={onClose} />;
}
