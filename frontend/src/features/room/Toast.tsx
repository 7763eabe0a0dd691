import * as css from "./room.module.css";

/** The result of the reader's action in one short sentence, over the end of the list; null hides it. The live region is
 * always in the page, so that screen readers announce the change. */
export function Toast({ words }: { words: string | null }) {
  return (
    <div className={css.toastAnchor} role="status">
      {words !== null && (
        <p className={css.toast} data-testid="toast">
          {words}
        </p>
      )}
    </div>
  );
}
