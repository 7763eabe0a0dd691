import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { useOpenRoom } from "@/ui/room-context";
import { ComposerForm } from "./ComposerForm";
import { useComposer, type ComposerOptions } from "./use-composer";
import { useTypingNames } from "./use-typing-names";

const SlowModeNote = lazyComponent(() => import("./SlowModeNote"));
const PostingBlock = lazyComponent(() => import("./PostingBlock"));

/** The field for new messages. Coordinates its text, completions and sending; ComposerForm renders them. */
export function Composer(options: ComposerOptions) {
  const { roomId } = useOpenRoom();
  const { screen } = options;
  const composer = useComposer(options);
  const { rule, waitS } = composer.slowMode;
  const typingNames = useTypingNames(screen);
  return (
    <ComposerForm
      composer={composer}
      roomName={screen.feed.room?.name ?? roomId}
      typingNames={typingNames}
      notes={
        <ErrorBoundary resetKey={roomId} fallback={null}>
          {rule !== null && <SlowModeNote rule={rule} waitS={waitS} />}
          <PostingBlock screen={screen} />
        </ErrorBoundary>
      }
    />
  );
}
