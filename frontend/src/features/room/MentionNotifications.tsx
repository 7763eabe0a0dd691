import { useMentionNotifications } from "./use-mention-notifications";

/** Notifies of messages for the reader. It draws nothing, so it is loaded after the room. */
export default function MentionNotifications() {
  useMentionNotifications();
  return null;
}
