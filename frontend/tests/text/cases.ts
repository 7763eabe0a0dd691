import { readFileSync } from "node:fs";
import { MentionNames } from "@/lib/text/mention-names";

/** A line that people write, and how it is drawn. */
export interface TextCase {
  readonly class: string;
  readonly text: string;
  /** In the notation of `drawn`; absent when the text stays as typed. */
  readonly drawn?: string;
  /** The reader's nickname, and those of others in the room. */
  readonly me?: string;
  readonly people?: readonly string[];
  readonly only_emoji?: boolean;
}

const path = new URL("../../../tests/contract/text_cases.json", import.meta.url);

export const CASES = JSON.parse(readFileSync(path, "utf8")) as readonly TextCase[];

export const namesOf = ({ me = "", people = [] }: TextCase): MentionNames => new MentionNames(me, people);
