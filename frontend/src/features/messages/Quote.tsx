import { useSyncExternalStore } from "react";
import type { Message } from "@/lib/contract/types";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";
import { QuoteLine } from "./QuoteLine";

/** A quoted message; a click scrolls to it. One of an ignored person is not shown. */
export function Quote({ message }: { message: Message | undefined }) {
  const { ignored } = useServices();
  const { jumpTo } = useOpenRoom();
  const ignoredPeople = useSyncExternalStore(ignored.subscribe, ignored.getSnapshot);
  const isHidden = message !== undefined && ignoredPeople.has(message.author.id);
  return <QuoteLine message={isHidden ? undefined : message} jumpTo={jumpTo} />;
}
