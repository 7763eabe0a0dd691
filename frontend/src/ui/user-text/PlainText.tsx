import * as css from "./user-text.module.css";

const MAX_CHARACTERS = 8_000;

/** The unparsed text: the fallback for a message that cannot be drawn otherwise. */
export function PlainText({ text }: { text: string }) {
  return (
    <div className={`${css.text} ${css.textPlain}`} data-testid="plain-text" dir="auto">
      {text.slice(0, MAX_CHARACTERS)}
    </div>
  );
}
