/** Finds who wrote a message that is replied to and not loaded, for example the reader on another device: an event names the
 * message that it replies to, but not that message's author. */
import { Problem } from "@/lib/api/problem";
import { dropOldest } from "@/lib/drop-oldest";
import type { Message } from "@/lib/contract/types";
import type { NetworkReturn } from "@/lib/network-return";

export const LOOKUPS_MAX = 5; // at a time; overflow rule DROP
export const LOOKUP_JITTER_MS = 3_000; // every open page of the room looks for the same message
const KNOWN_MAX = 500; // overflow rule OLDEST

interface ReplyAuthorsDependencies {
  readonly findMessage: (messageId: string) => Promise<Pick<Message, "author">>;
  readonly network: Pick<NetworkReturn, "wait">;
  readonly random: () => number;
}

export class ReplyAuthors {
  readonly #known = new Map<string, string | null>();
  #lookups = 0;

  constructor(private readonly deps: ReplyAuthorsDependencies) {}

  /** The id of the author; null if it cannot be found now. */
  async find(messageId: string): Promise<string | null> {
    const known = this.#known.get(messageId);
    if (known !== undefined || this.#lookups >= LOOKUPS_MAX) return known ?? null;
    this.#lookups += 1;
    const authorId = await this.#lookUp(messageId);
    this.#lookups -= 1;
    if (authorId === undefined) return null;
    this.#known.set(messageId, authorId);
    dropOldest(this.#known, KNOWN_MAX);
    return authorId;
  }

  /** Null if there is no such message, undefined if the server does not say. */
  async #lookUp(messageId: string): Promise<string | null | undefined> {
    const { findMessage, network, random } = this.deps;
    await network.wait(random() * LOOKUP_JITTER_MS);
    try {
      return (await findMessage(messageId)).author.id;
    } catch (error) {
      return error instanceof Problem && !error.isTransient ? null : undefined;
    }
  }
}
