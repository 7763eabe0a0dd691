import { useTranslation } from "react-i18next";
import * as css from "./composer.module.css";

const NAMES_MAX = 3;

/** Shows who is typing. The line is always present, so that nothing moves when it fills. */
export function TypingLine({ names }: { names: readonly string[] }) {
  const { t } = useTranslation();
  return (
    <div className={css.typingLine} data-testid="typing-line" aria-hidden={names.length === 0}>
      {names.length > NAMES_MAX
        ? t("composer.typingMany")
        : names.length > 0 && t("composer.typing", { count: names.length, names: names.join(", ") })}
    </div>
  );
}
