import { EmojiPanel, type EmojiPopoverProps } from "./EmojiPanel";
import { useEmojiData } from "./use-emoji-data";

/** Coordinates the emoji picker and its data, which comes from the page's own origin; EmojiPanel renders it. */
export default function EmojiPopover(props: EmojiPopoverProps) {
  return <EmojiPanel {...props} data={useEmojiData()} />;
}
