/** What the composer offers to the rest of the room. */
export interface ComposerHandle {
  focus(): void;
}
