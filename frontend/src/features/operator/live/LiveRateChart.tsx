import type { AlignedData } from "uplot";
import { RateChart, type RateSeries } from "./RateChart";
import { useUplot } from "./use-uplot";

interface LiveRateChartProps {
  title: string;
  /** The times in seconds, then the values of each series. */
  columns: AlignedData;
  series: readonly RateSeries[];
}

/** A chart that grows with the history. */
export function LiveRateChart({ title, columns, series }: LiveRateChartProps) {
  return <RateChart title={title} series={series} draw={useUplot(columns)} />;
}
