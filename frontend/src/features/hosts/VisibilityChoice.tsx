import { useTranslation } from "react-i18next";
import { VisibilityOptions } from "@/ui/VisibilityOptions";
import type { VisibilitySetting } from "./use-visibility";
import * as css from "./hosts.module.css";

/** The choice of who can find and enter the room. */
export function VisibilityChoice({ visibility, mayBePrivate, refusal, choose }: VisibilitySetting) {
  const { t } = useTranslation();
  return (
    <fieldset className={css.section}>
      <legend>{t("visibility.title")}</legend>
      <VisibilityOptions value={visibility} mayBePrivate={mayBePrivate} onChange={choose} />
      <p className="error" role="alert">
        {refusal}
      </p>
    </fieldset>
  );
}
