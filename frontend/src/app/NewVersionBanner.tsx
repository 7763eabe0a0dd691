import { useTranslation } from "react-i18next";

interface NewVersionBannerProps {
  isShown: boolean;
  onDismiss: () => void;
}

/** A line over the room. Drafts and unsent posts stay stored. The live region is always in the page, so that screen readers
 * announce the change. */
export function NewVersionBanner({ isShown, onDismiss }: NewVersionBannerProps) {
  const { t } = useTranslation();
  return (
    <div role="status">
      {isShown && (
        <p className="new-version">
          <span>{t("app.newVersion")}</span>
          <button type="button" className="text-button" onClick={() => location.reload()}>
            {t("app.reload")}
          </button>
          <button type="button" className="text-button" onClick={onDismiss}>
            {t("app.later")}
          </button>
        </p>
      )}
    </div>
  );
}
