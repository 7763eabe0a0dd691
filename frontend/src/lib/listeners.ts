/** Who wants to know. `onFirst` and `onLast` open and close what costs something only while somebody looks. */
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
