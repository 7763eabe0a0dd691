import { X } from "lucide-react";
import { useTranslation } from "react-i18next";
import { nameInSentence } from "@/lib/text/shown-name";
import { IconButton } from "@/ui/IconButton";
import { OneLine } from "@/ui/user-text/UserText";
import type { ComposerContext } from "./composer-context";
import * as css from "./composer.module.css";

/** The message that is being edited or replied to, above the field. */
export function ContextLine({
  context: { kind, message },
  onLeave,
}: {
  context: NonNullable<ComposerContext>;
  onLeave: () => void;
}) {
  const { t } = useTranslation();
  return (
    <div className={css.composerContext}>
      <span>
        {kind === "edit"
          ? t("composer.editing")
          : t("message.replyingTo", { name: nameInSentence(message.author.nickname, t("person.unnamed")) })}
        {kind === "reply" && (
          <>
            {" "}
            <OneLine of={message.text} className="quiet" />
          </>
        )}
      </span>
      <IconButton icon={X} size={15} label={t("app.cancel")} onClick={onLeave} />
    </div>
  );
}
