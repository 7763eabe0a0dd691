import { useTranslation } from "react-i18next";
import { OneLine } from "@/ui/user-text/OneLine";
import type { ShownBlock } from "./use-posting-block";
import * as css from "./composer.module.css";

/** Why the reader cannot write now, and until when. The live region is always in the page, so that screen readers
 * announce the change. */
export function PostingBlockLine({ sentence, banReason }: ShownBlock) {
  const { t } = useTranslation();
  return (
    <div
      className={sentence === null ? "visually-hidden" : css.composerHint}
      role="status"
      data-testid="posting-block"
    >
      <span>{sentence}</span>
      {sentence !== null && banReason !== null && (
        <p>
          <span>{t("composer.banReason")}</span> <OneLine of={banReason} />
        </p>
      )}
    </div>
  );
}
