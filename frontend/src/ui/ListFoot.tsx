import { MoreButton } from "./MoreButton";

interface ListFootProps {
  /** Why the list cannot be loaded, or an action on it was refused. */
  refusal: string | null;
  moreWords: string;
  /** Loads the next page; null at the end. */
  loadMore: (() => void) | null;
}

/** The end of a list in pages: a refusal, and the button that loads the next page. */
export const ListFoot = ({ refusal, moreWords, loadMore }: ListFootProps) => (
  <>
    <p className="error" role="alert">
      {refusal}
    </p>
    <MoreButton words={moreWords} loadMore={loadMore} />
  </>
);
