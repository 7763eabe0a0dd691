import type { Message } from "@/lib/contract/types";

/** The message that the text replies to or edits; null for a new message. */
export type ComposerContext = { readonly kind: "reply" | "edit"; readonly message: Message } | null;

/** What the composer offers to the rest of the room. */
export interface ComposerHandle {
  focus(): void;
}
