/** Times and days in the browser's locale and the reader's time zone, whatever language the app speaks. The time zone, the
 * locale and the day may change while the app is open. */
import { Listeners } from "./listeners";

const CHECK_MS = 10_000;

/** Formats times. A change of the time zone, the locale or the day makes a new object. */
export interface LocalTime {
  /** The time of day, for example 19:09. */
  readonly shortTime: (time: string) => string;
  /** The date and the time with seconds. */
  readonly exactTime: (time: string) => string;
  /** The date of a day; with the year unless it is the current one. */
  readonly dayName: (dayMs: number) => string;
}

export interface LocalTimeEnvironment {
  readonly nowMs: () => number;
  /** The reader's languages, the preferred one first, as BCP 47 tags. */
  readonly languages: () => readonly string[];
  readonly timeZone: () => string;
  /** Call `check` whenever something may have changed. Returns a function that stops the calls. */
  readonly watch: (check: () => void) => () => void;
}

export const browserEnvironment: LocalTimeEnvironment = {
  nowMs: () => Date.now(),
  languages: () => navigator.languages,
  timeZone: () => new Intl.DateTimeFormat().resolvedOptions().timeZone,
  watch: (check) => {
    const timer = setInterval(check, CHECK_MS);
    const events = [
      [window, "focus"],
      [window, "pageshow"],
      [window, "languagechange"],
      [document, "visibilitychange"],
    ] as const;
    for (const [target, type] of events) target.addEventListener(type, check);
    return () => {
      clearInterval(timer);
      for (const [target, type] of events) target.removeEventListener(type, check);
    };
  },
};

/** The current LocalTime. It is checked while somebody subscribes. */
export class LocalTimeStore {
  #state: LocalTime;
  #zone: string;
  #offset: string;
  #stopWatching = () => {};
  readonly #listeners = new Listeners(
    () => {
      this.#stopWatching = this.environment.watch(this.check);
      this.check();
    },
    () => this.#stopWatching(),
  );

  constructor(private readonly environment: LocalTimeEnvironment) {
    this.#zone = this.#currentZone();
    this.#offset = this.#currentOffset();
    this.#state = localTime(environment.languages(), environment.nowMs());
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** The same object until the time zone, the locale or the day changes. */
  getSnapshot = (): LocalTime => this.#state;

  /** Check for any change. */
  check = (): void => {
    const zone = this.#currentZone();
    const offset = this.#currentOffset();
    if (zone !== this.#zone || offset !== this.#offset) this.#renew(zone, offset);
  };

  /** Check for a change of the day or of the offset from UTC; cheap enough for each frame. */
  checkOffset = (): void => {
    const offset = this.#currentOffset();
    if (offset !== this.#offset) this.#renew(this.#currentZone(), offset);
  };

  #renew(zone: string, offset: string): void {
    this.#zone = zone;
    this.#offset = offset;
    this.#state = localTime(this.environment.languages(), this.environment.nowMs());
    this.#listeners.notify();
  }

  #currentZone = (): string => [this.environment.timeZone(), ...this.environment.languages()].join(" ");

  #currentOffset = (): string => {
    const now = new Date(this.environment.nowMs());
    return `${now.getTimezoneOffset()} ${now.toDateString()}`;
  };
}

/** Midnight before `timeMs` in the reader's time zone, in ms since the epoch. */
export function startOfDay(timeMs: number): number {
  const date = new Date(timeMs);
  return date.setHours(0, 0, 0, 0);
}

function localTime(languages: readonly string[], nowMs: number): LocalTime {
  const locales = browserLocales(languages);
  const short = new Intl.DateTimeFormat(locales, { timeStyle: "short" });
  const exact = new Intl.DateTimeFormat(locales, { dateStyle: "full", timeStyle: "medium" });
  const day = new Intl.DateTimeFormat(locales, { weekday: "long", month: "long", day: "numeric" });
  const dayOfYear = new Intl.DateTimeFormat(locales, { dateStyle: "full" });
  const year = new Date(nowMs).getFullYear();
  return {
    shortTime: (time) => format(short, Date.parse(time)),
    exactTime: (time) => format(exact, Date.parse(time)),
    dayName: (dayMs) => format(new Date(dayMs).getFullYear() === year ? day : dayOfYear, dayMs),
  };
}

/** Empty for an invalid time, for which Intl would throw. */
const format = (formatter: Intl.DateTimeFormat, timeMs: number): string =>
  Number.isNaN(timeMs) ? "" : formatter.format(timeMs);

/** The locales to format with. Undefined, the browser's default, also contains the system's choice of 12 or 24 hours, so it
 * is used if its locale is the reader's preferred language. */
function browserLocales(languages: readonly string[]): readonly string[] | undefined {
  const readable = languages.filter(isReadable);
  const { locale } = new Intl.DateTimeFormat().resolvedOptions();
  return readable.length === 0 || readable[0] === locale ? undefined : readable;
}

function isReadable(tag: string): boolean {
  try {
    return Intl.getCanonicalLocales(tag).length === 1;
  } catch {
    return false; // such as C.UTF-8
  }
}
