/** The parsed form of one line of a message. */

export type Emphasis = "strong" | "em" | "del";

export type Inline =
  | { readonly kind: "text" | "code"; readonly text: string }
  | { readonly kind: Emphasis; readonly inside: readonly Inline[] }
  | {
      readonly kind: "link";
      readonly href: string;
      /** The host to show after the label; null when the label is the address. */
      readonly host: string | null;
      readonly inside: readonly Inline[];
    }
  | { readonly kind: "mention"; readonly text: string; readonly isMe: boolean };

/** Counts the parser's steps, so that tests can check that its time is linear. */
export interface Meter {
  steps: number;
}

/** Append a piece to others, joining adjacent text. */
export function append(pieces: Inline[], piece: Inline): void {
  const last = pieces.at(-1);
  if (piece.kind === "text" && last?.kind === "text") {
    pieces[pieces.length - 1] = { kind: "text", text: last.text + piece.text };
  } else pieces.push(piece);
}

export const appendText = (pieces: Inline[], text: string): void => append(pieces, { kind: "text", text });
