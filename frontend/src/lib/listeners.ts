/** A set of change listeners. `onFirst` and `onLast` open and close resources that are needed only while it is not empty. */
export class Listeners {
  readonly #listeners = new Set<() => void>();

  constructor(
    private readonly onFirst: () => void = () => undefined,
    private readonly onLast: () => void = () => undefined,
  ) {}

  add(listener: () => void): () => void {
    if (this.#listeners.size === 0) this.onFirst();
    this.#listeners.add(listener);
    return () => {
      if (this.#listeners.delete(listener) && this.#listeners.size === 0) this.onLast();
    };
  }

  notify(): void {
    for (const listener of this.#listeners) listener();
  }
}
