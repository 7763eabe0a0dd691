interface MoreButtonProps {
  words: string;
  /** Loads the next page; null at the end, where there is no button. */
  loadMore: (() => void) | null;
}

/** The button at the end of a list in pages. */
export const MoreButton = ({ words, loadMore }: MoreButtonProps) =>
  loadMore !== null && (
    <button type="button" className="quiet-button" onClick={loadMore}>
      {words}
    </button>
  );
