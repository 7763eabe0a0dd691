import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import type { ComposerState } from "@/lib/composer/composer-machine";
import { personNameInSentence } from "@/lib/people/person-name";
import { IconButton } from "@/ui/IconButton";
import { OneLine } from "@/ui/user-text/OneLine";
import * as css from "./composer.module.css";

interface ContextLineProps extends Pick<ComposerState, "draft" | "edit"> {
  onLeave: () => void;
}

/** What is being edited, corrected or replied to, above the field. */
export function ContextLine({ draft: { replyTo }, edit, onLeave }: ContextLineProps) {
  const { t } = useTranslation();
  if (edit === null && replyTo === null) return null;
  return (
    <div className={css.composerContext}>
      <span>
        {edit !== null && <span>{t(edit.kind === "post" ? "composer.correcting" : "composer.editing")}</span>}
        {edit === null && replyTo !== null && (
          <>
            <span>
              {t("message.replyingTo", {
                name: personNameInSentence(t, replyTo.author),
              })}
            </span>{" "}
            {replyTo.deleted ? (
              <span>{t("message.deleted")}</span>
            ) : (
              <OneLine of={replyTo.text} className="quiet" />
            )}
          </>
        )}
      </span>
      <IconButton icon={X} size={15} label={t("app.cancel")} onClick={onLeave} />
    </div>
  );
}
