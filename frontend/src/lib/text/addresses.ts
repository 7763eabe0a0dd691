/** Web addresses in a text: where one ends, and where it leads. Pure. */
import { pointAt } from "./code-points";
import type { Meter } from "./inline-tree";

const BEGINNING = /^(?:https?:\/\/|www\.)(?=[\p{L}\p{N}])/iu;
const BEGINNING_MAX = 10; // units of "https://" and of the first code point of a host
const IN_WORD = /[A-Za-z0-9@/.-]/;

const HOST_ASCII = /[A-Za-z0-9_%-]/;
const HOST_LETTER = /[\p{L}\p{M}\p{N}-]/u;
/** Letters that continue an address: their scripts put a space after it. Those of other scripts begin the next word. */
const SPACED_LETTER = /(?=\p{L})[À-ɏͰ-ԯḀ-῿]/u;
/** The characters of an address (RFC 3986), without brackets and quotation marks. */
const ADDRESS = /[A-Za-z0-9\-._~:/?#@!$&'*+,;=%]/;
/** The next address of a list without spaces. */
const LISTED = /^[,;]https?:\/\//i;
const TRAILING = /[.,;:!?'*_~]/;
/** What separates the names of a path and of a query. */
const SEPARATOR = /[/?#&=._-]/;
const NAME_LETTER = /[\p{L}\p{M}\p{N}]/u;

/** An invisible character inside a host that looks like one word. */
const HIDDEN_END = /^\p{Default_Ignorable_Code_Point}[\w.-]/u;

const isAddressUnit = (unit: string) => ADDRESS.test(unit) || SPACED_LETTER.test(unit);

/** Finds the addresses of one line, in time linear in its length. */
export class AddressFinder {
  #bracketEnds: Map<number, number> | null = null;

  constructor(
    private readonly line: string,
    private readonly meter: Meter,
  ) {}

  /** The end of the address that begins at `from`; null if none does. It ends where its alphabet does, before
   * punctuation at its end, and before a bracket without a partner in the address. */
  endFrom(from: number): number | null {
    const { line, meter } = this;
    if (IN_WORD.test(line.charAt(from - 1))) return null;
    const [scheme] = BEGINNING.exec(line.slice(from, from + BEGINNING_MAX)) ?? [];
    if (scheme === undefined) return null;
    const isWww = !scheme.endsWith("/");
    let to = endOfHost(line, isWww ? from : from + scheme.length, isWww ? 3 : 2, meter);
    if (to === null || HIDDEN_END.test(line.slice(to, to + 2))) return null;
    if (/[/?#:@]/.test(line.charAt(to))) to = this.#endOfPath(to);
    while (TRAILING.test(line.charAt(to - 1))) to -= 1;
    return to;
  }

  #endOfPath(from: number): number {
    const { line, meter } = this;
    let at = from;
    while (at < line.length) {
      meter.steps += 1;
      const unit = line.charAt(at);
      if (LISTED.test(line.slice(at, at + BEGINNING_MAX))) break;
      if (unit === "(" || unit === "[") {
        this.#bracketEnds ??= bracketEnds(line, meter);
        const end = this.#bracketEnds.get(at);
        const isLabel = unit === "[" && end !== undefined && line.charAt(end + 1) === "(";
        if (end === undefined || isLabel) break;
        meter.steps += end - at;
        at = end;
      } else if (!isAddressUnit(unit)) {
        const end = endOfInnerNames(line, at, meter);
        if (end === null) break;
        at = end - 1;
      }
      at += 1;
    }
    return at;
  }
}

/** The end of the names of other scripts that begin at `from`: the address goes on after `/資料` in `/資料.pdf`, and ends
 * before it in `/資料を見て`, where nothing tells a name from the next word. Null if it ends. */
function endOfInnerNames(line: string, from: number, meter: Meter): number | null {
  let at = from;
  for (;;) {
    const nameFrom = at;
    if (!SEPARATOR.test(line.charAt(at - 1))) return null;
    for (let point = pointAt(line, at); point !== "" && NAME_LETTER.test(point); point = pointAt(line, at)) {
      meter.steps += 1;
      at += point.length;
    }
    if (at === nameFrom || !SEPARATOR.test(line.charAt(at))) return null;
    at += 1;
    if (/[A-Za-z0-9]/.test(line.charAt(at))) return at;
  }
}

/** The end of the host that begins at `from`; null if it is none. In `https://example.com를` the host ends before `를`.
 * A host may hold other scripts (`https://한국.kr`) if at most one label before them is ASCII; it then needs `labelsMin`. */
function endOfHost(line: string, from: number, labelsMin: number, meter: Meter): number | null {
  let at = from;
  let labels = 0;
  let asciiLabels = 0;
  for (;;) {
    const labelFrom = at;
    const first = pointAt(line, at);
    let isLetter: (point: string) => boolean;
    if (HOST_ASCII.test(first) || SPACED_LETTER.test(first)) {
      isLetter = (point) => HOST_ASCII.test(point) || SPACED_LETTER.test(point);
    } else if (HOST_LETTER.test(first) && asciiLabels < 2) {
      isLetter = (point) => HOST_LETTER.test(point);
    } else break;
    for (let point = first; point !== "" && isLetter(point); point = pointAt(line, at)) {
      meter.steps += 1;
      at += point.length;
    }
    labels += 1;
    if (/^[\x20-\x7e]*$/.test(line.slice(labelFrom, at))) asciiLabels += 1;
    if (line.charAt(at) !== ".") break;
    at += 1;
  }
  if (line.charAt(at - 1) === ".") at -= 1;
  return labels === 0 || (asciiLabels < labels && labels < labelsMin) ? null : at;
}

/** Maps each opening bracket to its closing one, if all characters between them may belong to an address. */
function bracketEnds(line: string, meter: Meter): Map<number, number> {
  const ends = new Map<number, number>();
  const open: number[] = [];
  for (let at = 0; at < line.length; at += 1) {
    meter.steps += 1;
    const unit = line.charAt(at);
    if (unit === "(" || unit === "[") open.push(at);
    else if (unit === ")" || unit === "]") {
      const opened = open.at(-1);
      if (opened !== undefined && line.charAt(opened) === (unit === ")" ? "(" : "[")) {
        ends.set(opened, at);
        open.pop();
      }
    } else if (!isAddressUnit(unit)) open.length = 0;
  }
  return ends;
}

export interface LinkTarget {
  readonly href: string;
  /** The host or e-mail address that a reader should see. */
  readonly host: string;
  /** The address shows its host as it is: without a user name, an encoded character or another script. */
  readonly isPlain: boolean;
}

const LINKABLE =
  /^(?:https?:\/\/|mailto:)[\p{L}\p{N}](?:(?![\s\p{C}\p{Z}\p{Default_Ignorable_Code_Point}])[\s\S])*$/iu;

/** Where an address leads; null for other schemes and for addresses that are not valid. */
export function linkTarget(address: string): LinkTarget | null {
  const full = /^www\./i.test(address) ? `https://${address}` : address;
  if (!LINKABLE.test(full)) return null;
  const url = parseUrl(full);
  if (url === null) return null;
  if (url.protocol === "mailto:") return { href: url.href, host: url.pathname, isPlain: false };
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  const typed = full.slice(full.indexOf("//") + 2).toLowerCase();
  const isPlain = typed.startsWith(url.host) && /^(?::\d*)?(?:[/?#]|$)/.test(typed.slice(url.host.length));
  return { href: url.href, host: url.host, isPlain };
}

function parseUrl(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
