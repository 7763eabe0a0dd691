/** Whether the server has a newer build of the app than the one that is open. */
import type { Clock } from "./clock";
import { Listeners } from "./listeners";

/** Checks are at least this far apart; one in between waits. */
export const CHECK_EVERY_MS = 10_000;

export interface AppVersionDependencies {
  /** The text of the start page as the server has it now. Rejects when the server does not respond. */
  readonly fetchPage: () => Promise<string>;
  /** The paths of the scripts of the open app, which name its build. */
  readonly scripts: readonly string[];
  readonly clock: Clock;
}

export class AppVersion {
  #isOutdated = false;
  #isWaiting = false;
  #nextCheckMs = -Infinity;
  readonly #listeners = new Listeners();

  constructor(private readonly deps: AppVersionDependencies) {}

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** True once a newer build has been seen. */
  isOutdated = (): boolean => this.#isOutdated;

  /** Compare with the server's build: a file is missing, or the connection was lost. */
  check = (): void => {
    if (this.#isOutdated || this.#isWaiting) return;
    this.#isWaiting = true;
    this.deps.clock.after(Math.max(0, this.#nextCheckMs - this.deps.clock.now()), () => {
      this.#nextCheckMs = this.deps.clock.now() + CHECK_EVERY_MS;
      this.#isWaiting = false;
      void this.#compare();
    });
  };

  async #compare(): Promise<void> {
    let page: string;
    try {
      page = await this.deps.fetchPage();
    } catch {
      return; // the next reconnection checks again
    }
    if (isOfOtherBuild(page, this.deps.scripts)) {
      this.#isOutdated = true;
      this.#listeners.notify();
    }
  }
}

/** A page without our root element is another one, for example a proxy's login form. */
const isOfOtherBuild = (page: string, scripts: readonly string[]): boolean =>
  page.includes('id="root"') && !scripts.every((script) => page.includes(script));
