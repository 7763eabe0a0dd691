/** Times formatted in the reader's language and time zone. */

const clocks = new Map<
  string,
  { short: Intl.DateTimeFormat; exact: Intl.DateTimeFormat; day: Intl.DateTimeFormat }
>();

function clock(language: string) {
  let made = clocks.get(language);
  if (made === undefined) {
    made = {
      short: new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }),
      exact: new Intl.DateTimeFormat(language, { dateStyle: "full", timeStyle: "medium" }),
      day: new Intl.DateTimeFormat(language, { weekday: "long", month: "long", day: "numeric" }),
    };
    clocks.set(language, made);
  }
  return made;
}

export const shortTime = (time: string, language: string): string =>
  clock(language).short.format(new Date(time));
export const exactTime = (time: string, language: string): string =>
  clock(language).exact.format(new Date(time));
export const dayName = (dayMs: number, language: string): string =>
  clock(language).day.format(new Date(dayMs));

/** Midnight before `timeMs` in the reader's time zone, in ms since the epoch. */
export function startOfDay(timeMs: number): number {
  const date = new Date(timeMs);
  return date.setHours(0, 0, 0, 0);
}
