import * as css from "./composer.module.css";

interface SlowModeLineProps {
  /** Changes every second during a wait. */
  words: string;
  /** For screen readers. */
  announced: string;
}

/** One line below the field, in every room in slow mode: it is there before the first wait, so that nothing moves. */
export const SlowModeLine = ({ words, announced }: SlowModeLineProps) => (
  <div className={`${css.composerHint} quiet`}>
    <span className="tabular" data-testid="slow-mode">
      {words}
    </span>
    <span className="visually-hidden" role="status">
      {announced}
    </span>
  </div>
);
