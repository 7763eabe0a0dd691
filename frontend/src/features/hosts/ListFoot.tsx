import { useTranslation } from "react-i18next";

interface ListFootProps {
  /** Why the list cannot be loaded, or an action on it was refused. */
  refusal: string | null;
  /** Loads the next page; null at the end. */
  loadMore: (() => void) | null;
}

/** The end of a list in pages: a refusal, and the button that loads the next page. */
export function ListFoot({ refusal, loadMore }: ListFootProps) {
  const { t } = useTranslation("hosts");
  return (
    <>
      <p className="error" role="alert">
        {refusal}
      </p>
      {loadMore !== null && (
        <button type="button" className="quiet-button" onClick={loadMore}>
          {t("more")}
        </button>
      )}
    </>
  );
}
