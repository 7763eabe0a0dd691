/** Switches the language of the app once its words are loaded, and stores a choice only then: after a reload, a stored
 * language that cannot be loaded would show English instead of the language before. */

const RETRY_MS = 2_000; // times the number of the attempt
export const RETRIES_MAX = 20;

export interface LanguageSwitchDependencies {
  /** Load the words of a language. Rejects when they cannot be loaded now. */
  readonly load: (language: string) => Promise<void>;
  /** Show the app in a language whose words are loaded. */
  readonly show: (language: string) => Promise<void>;
  /** Keep the reader's choice over reloads. */
  readonly store: (language: string) => void;
  /** A wait that ends early when the network returns. */
  readonly wait: (ms: number) => Promise<void>;
}

export class LanguageSwitch {
  #latest = 0; // number of the latest switch; words for earlier ones come too late

  constructor(private readonly deps: LanguageSwitchDependencies) {}

  /** Switch to a language that the reader has chosen. False if it cannot be loaded now: the language changes later. */
  choose = (language: string): Promise<boolean> => this.#switch(language, () => this.deps.store(language));

  /** Show a language, without a choice of the reader. */
  start = (language: string): Promise<boolean> => this.#switch(language, () => undefined);

  async #switch(language: string, shown: () => void): Promise<boolean> {
    const own = (this.#latest += 1);
    const attempt = async () => {
      await this.deps.load(language);
      if (own !== this.#latest) return;
      await this.deps.show(language);
      shown();
    };
    try {
      await attempt();
      return true;
    } catch {
      void this.#retry(attempt, own);
      return false;
    }
  }

  async #retry(attempt: () => Promise<void>, own: number): Promise<void> {
    for (let failures = 1; failures <= RETRIES_MAX; failures += 1) {
      await this.deps.wait(RETRY_MS * failures);
      if (own !== this.#latest) return;
      try {
        await attempt();
        return;
      } catch {
        // The next attempt waits longer.
      }
    }
  }
}
