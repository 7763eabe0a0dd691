/** Addresses of the web in a text: where one ends, and where it leads. Pure. */
import type { Meter } from "./inline";

/** The characters of an address (RFC 3986), without brackets, quotes and what no address needs at its end. */
const ADDRESS = /[A-Za-z0-9\-._~:/?#@!$&'()*+,;=%]/;
const TRAILING = /[.,;:!?'"*_~]/;
const BEGINNING = /^(?:https?:\/\/|www\.)[a-z0-9]/i;
const EXPLICIT = /^(?:https?:\/\/[a-z0-9]|mailto:[a-z0-9])[\x21-\x7e]*$/i;
const INSIDE = /[A-Za-z0-9@/.-]/;

/** The end of the address that begins at `from`; null where none does. It ends where its alphabet does, before
 * punctuation at its end, and before a bracket that it did not open. */
export function addressAt(line: string, from: number, meter: Meter): number | null {
  if (INSIDE.test(line.charAt(from - 1)) || !BEGINNING.test(line.slice(from, from + 9))) return null;
  let depth = 0;
  let to = from;
  for (; to < line.length && ADDRESS.test(line.charAt(to)); to += 1) {
    meter.steps += 1;
    if (line.charAt(to) === "(") depth += 1;
    else if (line.charAt(to) === ")" && (depth -= 1) < 0) break;
  }
  while (TRAILING.test(line.charAt(to - 1))) to -= 1;
  return to;
}

export interface LinkTarget {
  readonly href: string;
  /** What a reader should see of it: a host, or an address of mail. */
  readonly host: string;
  /** The address reads as what it is: its host stands where a host is looked for. */
  readonly isPlain: boolean;
}

/** Where an address leads; null for what is no link: other schemes, hosts that are not ASCII, nonsense. */
export function linkTarget(address: string): LinkTarget | null {
  const full = /^www\./i.test(address) ? `https://${address}` : address;
  if (!EXPLICIT.test(full)) return null;
  const url = parsed(full);
  if (url === null) return null;
  if (url.protocol === "mailto:") return { href: url.href, host: url.pathname, isPlain: false };
  if (url.protocol !== "http:" && url.protocol !== "https:") return null;
  const named = full.slice(full.indexOf("//") + 2).toLowerCase();
  const isPlain = named.startsWith(url.host) && /^(?:[/?#]|$)/.test(named.slice(url.host.length));
  return { href: url.href, host: url.host, isPlain };
}

function parsed(address: string): URL | null {
  try {
    return new URL(address);
  } catch {
    return null;
  }
}
