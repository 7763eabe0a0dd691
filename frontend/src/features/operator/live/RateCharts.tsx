import { useTranslation } from "react-i18next";
import type { OpsRates } from "@/lib/contract/types";
import { columnsOf, type RateHistory } from "@/lib/operator/rate-history";
import { LiveRateChart } from "./LiveRateChart";
import type { Figures } from "./use-figures";
import * as css from "./live.module.css";

const CHARTS = [
  {
    name: "fetches",
    rates: ["fetches_served_per_s", "fetches_not_modified_per_s", "fetches_refused_per_s"],
  },
  { name: "posts", rates: ["posts_per_s", "posts_refused_per_s"] },
  { name: "deliveries", rates: ["deliveries_per_s"] },
] as const;

interface RateChartsProps {
  history: RateHistory;
  /** The latest ones. */
  rates: OpsRates;
  figures: Figures;
}

/** The rates of the last five minutes as charts, each with its latest values in words. */
export function RateCharts({ history, rates, figures }: RateChartsProps) {
  const { t } = useTranslation("operator");
  return (
    <section className={css.section} aria-labelledby="live-rates">
      <h2 id="live-rates">{t("live.rates")}</h2>
      <div className={css.charts}>
        {CHARTS.map(({ name, rates: shown }) => (
          <LiveRateChart
            key={name}
            title={t(`live.chart.${name}`)}
            columns={columnsOf(history, shown)}
            series={shown.map((rate) => ({
              key: rate,
              words: t(`live.rate.${rate}`),
              latest: figures.rate(rates[rate]),
            }))}
          />
        ))}
      </div>
    </section>
  );
}
