import { useTranslation } from "react-i18next";
import { HELD_REFUSED, SESSION_OVER, type Post } from "@/lib/outbox/outbox";
import { Problem } from "@/lib/api/problem";
import { errorMessage } from "@/lib/api/error-message";
import { useServices } from "@/ui/services-context";
import { useCountdown } from "@/ui/use-countdown";
import { FailedPost, PendingPost } from "./PostStateLine";

const REFUSED = 422; // any status that is neither transient nor about the session

/** The state of a post that is not yet a message. Counts down to the next attempt, and retries, corrects or discards a
 * failed post. */
export function PostState({ post }: { post: Post }) {
  const { t } = useTranslation();
  const { outbox, session, composers } = useServices();
  const seconds = useCountdown(post.status === "waiting" ? post.retryAtMs : null);
  if (post.status !== "failed") return <PendingPost status={post.status} seconds={seconds} />;
  return (
    <FailedPost
      reason={
        post.code === SESSION_OVER
          ? t("message.sessionOver")
          : t("message.failed", {
              reason: errorMessage(t, new Problem(REFUSED, post.code, post.detail), ""),
            })
      }
      // The server would refuse the same text again.
      onRetry={post.code === HELD_REFUSED ? null : () => session.withName(() => outbox.retry(post.clientId))}
      onCorrect={() =>
        composers.of(post.roomId).dispatch({ type: "edit", kind: "post", id: post.clientId, text: post.text })
      }
      onDiscard={() => composers.of(post.roomId).discard(post.clientId)}
    />
  );
}
