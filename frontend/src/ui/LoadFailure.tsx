import { createPortal } from "react-dom";
import { useTranslation } from "react-i18next";

interface LoadFailureProps {
  /** The server has a newer build, so this part needs a reload. */
  isOutdated: boolean;
  onRetry: () => void;
  onClose: () => void;
}

/** Says that a part of the app cannot be loaded now. The room under it stays as it is. */
export function LoadFailure({ isOutdated, onRetry, onClose }: LoadFailureProps) {
  const { t } = useTranslation();
  return createPortal(
    <div className="load-failure" role="alert">
      <p>{t(isOutdated ? "problem.partOutdated" : "problem.partNotLoaded")}</p>
      <div className="dialog-buttons">
        <button type="button" className="quiet-button" onClick={onClose}>
          {t("app.close")}
        </button>
        <button
          type="button"
          className="primary-button"
          onClick={isOutdated ? () => location.reload() : onRetry}
        >
          {t(isOutdated ? "problem.reload" : "feed.retry")}
        </button>
      </div>
    </div>,
    document.body,
  );
}
