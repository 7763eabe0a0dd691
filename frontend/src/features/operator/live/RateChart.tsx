import type { RefCallback } from "react";
import * as css from "./live.module.css";

export interface RateSeries {
  readonly key: string;
  readonly words: string;
  readonly latest: string;
}

interface RateChartProps {
  title: string;
  series: readonly RateSeries[];
  /** Draws the chart into `data-canvas`, with the colors of the elements with `data-swatch`. */
  draw: RefCallback<HTMLElement>;
}

/** A chart of some rates. The list under it is its legend, and says for screen readers what the chart shows. */
export const RateChart = ({ title, series, draw }: RateChartProps) => (
  <figure ref={draw} className={css.chart}>
    <figcaption>{title}</figcaption>
    <div className={css.canvas} data-canvas aria-hidden="true" />
    <dl className={css.legend}>
      {series.map(({ key, words, latest }) => (
        <div key={key}>
          <dt data-swatch>{words}</dt>
          <dd className="tabular">{latest}</dd>
        </div>
      ))}
    </dl>
  </figure>
);
