import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";
import { ComposerForm } from "./ComposerForm";
import { useComposer, type ComposerOptions } from "./use-composer";
import { useTypingNames } from "./use-typing-names";

const PostingBlock = lazyComponent(() => import("./PostingBlock"));

/** The field for new messages. Coordinates its text, completions and sending; ComposerForm renders them. */
export function Composer(options: ComposerOptions) {
  const { roomId } = useOpenRoom();
  const { screen } = options;
  const composer = useComposer(options);
  const typingNames = useTypingNames(screen);
  return (
    <ComposerForm
      composer={composer}
      roomName={screen.feed.room?.name ?? roomId}
      typingNames={typingNames}
      postingBlock={
        <ErrorBoundary resetKey={roomId} fallback={null}>
          <PostingBlock screen={screen} />
        </ErrorBoundary>
      }
    />
  );
}
