/** The words of a room's filter as a host types them, one on each line, and what the server would refuse. Pure. */
import { nameProblem, type TextProblem } from "@/lib/text/allowed-characters";

export const WORDS_MAX = 500;
export const WORD_MAX = 100; // code points
export const CHARACTERS_MAX = 5_000; // of all words together

export interface FilterWords {
  readonly words: readonly string[];
  /** In all words together, as nearly as the browser can count like the server. */
  readonly characters: number;
  readonly problem: WordsProblem | null;
}

/** Why the server would refuse the words. `line` counts from 1. */
export type WordsProblem =
  | { readonly kind: "words"; readonly remove: number }
  | { readonly kind: "characters"; readonly remove: number }
  | { readonly kind: "word"; readonly line: number; readonly problem: TextProblem };

/** The words of a text, each once, without blank lines. */
export function readFilterWords(text: string): FilterWords {
  const lines = text.split("\n").map((line) => line.trim());
  const words = [...new Set(lines.filter((line) => line !== ""))];
  const characters = words.reduce((sum, word) => sum + charactersOf(word), 0);
  return { words, characters, problem: problemOf(lines, words, characters) };
}

function problemOf(
  lines: readonly string[],
  words: readonly string[],
  characters: number,
): WordsProblem | null {
  if (words.length > WORDS_MAX) return { kind: "words", remove: words.length - WORDS_MAX };
  if (characters > CHARACTERS_MAX) return { kind: "characters", remove: characters - CHARACTERS_MAX };
  for (const [index, line] of lines.entries()) {
    const problem = line === "" ? null : nameProblem(line, WORD_MAX);
    if (problem !== null) return { kind: "word", line: index + 1, problem };
  }
  return null;
}

// A ligature counts as its letters.
const charactersOf = (word: string): number => Array.from(word.normalize("NFKC")).length;
