/** The code of an address such as `/#invite=CODE` or `/rooms/lobby#recover=CODE`. The code is a secret, so it leaves the
 * address bar and the history at once. */
import { Listeners } from "./listeners";

interface AddressBar {
  readonly location: Pick<Location, "hash" | "pathname" | "search">;
  readonly history: Pick<History, "replaceState" | "state">;
}

export class SecretLink {
  #code: string | null = null;
  readonly #listeners = new Listeners();

  constructor(
    private readonly page: AddressBar,
    private readonly name: "invite" | "recover",
  ) {
    this.take();
  }

  subscribe = (listener: () => void): (() => void) => this.#listeners.add(listener);

  /** The code; null if there is none, or it has been used. */
  getSnapshot = (): string | null => this.#code;

  /** Move the code from the address, if there is one, to here. */
  take = (): void => {
    const { location, history } = this.page;
    const code = new URLSearchParams(location.hash.slice(1)).get(this.name);
    if (code === null) return;
    history.replaceState(history.state, "", location.pathname + location.search);
    this.#set(code.trim() === "" ? null : code.trim());
  };

  forget = (): void => this.#set(null);

  #set(code: string | null): void {
    this.#code = code;
    this.#listeners.notify();
  }
}
