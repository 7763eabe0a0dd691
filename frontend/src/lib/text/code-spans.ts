/** Finds code in one line: the runs of backticks that begin and end it. Pure. */
import { ALPHABETIC, pointBefore } from "./code-points";
import type { Meter } from "./inline-tree";

const QUOTED = /^(?:'`'|"`")$/;
/** A backtick and an acute accent are two eyes: (´・ω・`). */
const EYES = /´[^`´\w]{1,8}`|`[^`´\w]{1,8}´/g;

export function runLength(line: string, from: number): number {
  let at = from + 1;
  while (line.charCodeAt(at) === line.charCodeAt(from)) at += 1;
  return at - from;
}

interface Run {
  readonly at: number;
  readonly length: number;
  /** After a letter or digit it is an apostrophe (it`s), in quotation marks a character ('`'). */
  readonly canOpen: boolean;
}

/** Maps each run of backticks that begins code to the end of the run that closes it, which has the same length. */
export function endsOfCode(line: string, meter: Meter): Map<number, number> {
  const runs: Run[] = [];
  const eyes = line.includes("´") ? backticksOfFaces(line) : null;
  for (let at = line.indexOf("`"); at !== -1; at = line.indexOf("`", at)) {
    meter.steps += 1;
    const length = runLength(line, at);
    const canOpen = !ALPHABETIC.test(pointBefore(line, at)) && !QUOTED.test(line.slice(at - 1, at + 2));
    if (length > 1 || eyes?.has(at) !== true) runs.push({ at, length, canOpen });
    at += length;
  }
  const next = new Map<number, number>(); // length → the nearest later run of it
  const partners = runs.map(() => -1);
  for (let index = runs.length - 1; index >= 0; index -= 1) {
    const length = runs[index]?.length ?? 0;
    partners[index] = next.get(length) ?? -1;
    next.set(length, index);
  }
  const ends = new Map<number, number>();
  for (let index = 0; index < runs.length; index += 1) {
    const run = runs[index];
    const partner = runs[partners[index] ?? -1];
    if (run?.canOpen !== true || partner === undefined) continue;
    ends.set(run.at, partner.at + partner.length);
    index = partners[index] ?? index;
  }
  return ends;
}

const backticksOfFaces = (line: string) =>
  new Set([...line.matchAll(EYES)].map(({ 0: eyes, index }) => index + eyes.indexOf("`")));

/** Code whose first mark is escaped, without a backslash before its last marks. */
export const unescapedCode = (text: string): string => text.replace(/\\(`+)$/, "$1");

/** Code as typed, without the one space on either side that lets it begin or end with a backtick. */
export const codeInside = (text: string): string =>
  text.startsWith(" ") && text.endsWith(" ") && text.trim() !== "" ? text.slice(1, -1) : text;
