import { SESSION_OVER, type Post } from "@/lib/outbox/outbox";
import { useServices } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";
import { FailedPost, PendingPost } from "./PostStateLine";

/** The state of a post that is not yet a message. Counts down to the next attempt, and retries or discards a failed post. */
export function PostState({ post }: { post: Post }) {
  const { outbox, session } = useServices();
  const seconds = useCountdown(post.status === "waiting" ? post.retryAtMs : null);
  if (post.status !== "failed") return <PendingPost status={post.status} seconds={seconds} />;
  return (
    <FailedPost
      isSessionOver={post.code === SESSION_OVER}
      onRetry={() => session.withName(() => outbox.retry(post.clientId))}
      onDiscard={() => outbox.discard(post.clientId)}
    />
  );
}
