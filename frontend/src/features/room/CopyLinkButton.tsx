import { Check, Link2 } from "lucide-react";
import { useTranslation } from "react-i18next";

interface CopyLinkButtonProps {
  isCopied: boolean;
  onCopy: () => void;
}

/** Copies the address of the room, and shows for a moment that it did. */
export function CopyLinkButton({ isCopied, onCopy }: CopyLinkButtonProps) {
  const { t } = useTranslation();
  return (
    <button type="button" className="quiet-button" aria-label={t("room.copyLink")} onClick={onCopy}>
      {isCopied ? <Check size={15} aria-hidden="true" /> : <Link2 size={15} aria-hidden="true" />}
      <span aria-live="polite">{isCopied ? t("room.copied") : t("room.copyLink")}</span>
    </button>
  );
}
