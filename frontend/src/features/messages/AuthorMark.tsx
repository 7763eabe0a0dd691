import * as css from "./author-mark.module.css";

/** What hosts see next to an author's name, such as that they are a newcomer. */
export const AuthorMark = ({ words }: { words: string }) => (
  <span className={css.authorMark} data-testid="author-mark">
    {words}
  </span>
);
