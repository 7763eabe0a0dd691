import type { Message } from "@/lib/contract/types";
import type { DuplicateNicknames } from "./duplicate-nicknames";

/** Finds duplicate nicknames among the authors of the loaded messages, whether or not their rows are drawn. */
export class ObservedAuthors {
  #fromSeq = Infinity;
  #toSeq = -Infinity;

  constructor(private readonly nicknames: Pick<DuplicateNicknames, "observe">) {}

  /** Observe the authors of messages ascending by seq. Each message counts once. */
  observe(messages: readonly Message[]): void {
    const isKnown = ({ seq }: Message) => seq >= this.#fromSeq && seq <= this.#toSeq;
    const firstKnown = messages.findIndex(isKnown);
    const older = firstKnown === -1 ? messages : messages.slice(0, firstKnown);
    const newer = firstKnown === -1 ? [] : messages.slice(messages.findLastIndex(isKnown) + 1);
    for (const { author } of [...older, ...newer]) this.nicknames.observe(author.id, author.nickname);
    this.#fromSeq = Math.min(this.#fromSeq, messages[0]?.seq ?? Infinity);
    this.#toSeq = Math.max(this.#toSeq, messages.at(-1)?.seq ?? -Infinity);
  }
}
