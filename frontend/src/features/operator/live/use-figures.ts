import { useTranslation } from "react-i18next";

export interface Figures {
  /** A figure that is unknown. */
  readonly none: string;
  readonly count: (value: number | null) => string;
  /** At most one decimal. */
  readonly rate: (value: number | null) => string;
  readonly share: (value: number) => string;
  readonly megabytes: (bytes: number | null) => string;
  readonly milliseconds: (value: number | null) => string;
  /** The largest unit only. */
  readonly duration: (seconds: number) => string;
}

const UNITS = [
  { unit: "day", seconds: 86_400 },
  { unit: "hour", seconds: 3_600 },
  { unit: "minute", seconds: 60 },
  { unit: "second", seconds: 1 },
] as const;

/** Formats figures in the reader's language. An unknown one is a dash. */
export function useFigures(): Figures {
  const { t, i18n } = useTranslation("operator");
  const none = t("live.unknown");
  const format = (options: Intl.NumberFormatOptions) => {
    const numbers = new Intl.NumberFormat(i18n.language, options);
    return (value: number | null) => (value === null ? none : numbers.format(value));
  };
  const megabyte = format({ style: "unit", unit: "megabyte", maximumFractionDigits: 0 });
  return {
    none,
    count: format({ maximumFractionDigits: 0 }),
    rate: format({ maximumFractionDigits: 1 }),
    share: format({ style: "percent", maximumFractionDigits: 0 }),
    megabytes: (bytes) => megabyte(bytes === null ? null : bytes / 1_000_000),
    milliseconds: format({ style: "unit", unit: "millisecond", maximumFractionDigits: 1 }),
    duration: (seconds) => {
      const { unit, seconds: unitS } = UNITS.find((each) => seconds >= each.seconds) ?? UNITS[3];
      return format({ style: "unit", unit, unitDisplay: "short", maximumFractionDigits: 0 })(
        Math.floor(seconds / unitS),
      );
    },
  };
}
