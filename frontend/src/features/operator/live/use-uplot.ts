import { useCallback, useEffect, useRef, type RefCallback } from "react";
import uPlot, { type AlignedData, type Options } from "uplot";

const HEIGHT_PX = 150;
/** The steps of the time axis in seconds. Labels show whole seconds. */
const TIME_STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1_800, 3_600];
const DASHES = [[], [6, 4], [2, 3]]; // lines differ by more than their color

/** Draws a chart into the `data-canvas` of the element that the returned function gets, as wide as it. A line has the color
 * of the text of its `data-swatch`: a canvas does not know the colors of the style sheet. */
export function useUplot(columns: AlignedData): RefCallback<HTMLElement> {
  const latest = useRef(columns);
  const chart = useRef<uPlot>(null);
  useEffect(() => {
    latest.current = columns;
    chart.current?.setData(columns);
  }, [columns]);
  return useCallback((figure: HTMLElement | null) => {
    const canvas = figure?.querySelector<HTMLElement>("[data-canvas]");
    if (!figure || !canvas) return;
    const draw = () => {
      chart.current?.destroy();
      chart.current = new uPlot(optionsOf(figure, canvas), latest.current, canvas);
    };
    draw();
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    scheme.addEventListener("change", draw);
    const observer = new ResizeObserver(() =>
      chart.current?.setSize({ width: canvas.clientWidth, height: HEIGHT_PX }),
    );
    observer.observe(canvas);
    return () => {
      observer.disconnect();
      scheme.removeEventListener("change", draw);
      chart.current?.destroy();
      chart.current = null;
    };
  }, []);
}

function optionsOf(figure: HTMLElement, canvas: HTMLElement): Options {
  const style = getComputedStyle(canvas);
  const lines = [...figure.querySelectorAll("[data-swatch]")].map((swatch) => getComputedStyle(swatch).color);
  const grid = { stroke: style.borderTopColor, width: 1 };
  const time = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
  const axis = { stroke: style.color, grid, ticks: grid, font: `12px ${style.fontFamily}` };
  return {
    width: canvas.clientWidth,
    height: HEIGHT_PX,
    legend: { show: false },
    cursor: { show: false },
    scales: { y: { range: (_chart, _low, high) => [0, Math.max(1, high)] } },
    axes: [
      {
        ...axis,
        space: 90,
        incrs: TIME_STEPS_S,
        values: (_chart, atS) => atS.map((each) => time.format(each * 1_000)),
      },
      { ...axis, size: 60 },
    ],
    series: [
      {},
      ...lines.map((stroke, index) => ({
        stroke,
        width: 2,
        dash: DASHES[index] ?? [],
        points: { show: false },
      })),
    ],
  };
}
