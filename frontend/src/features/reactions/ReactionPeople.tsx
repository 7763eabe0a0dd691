import { keepPreviousData, useQuery } from "@tanstack/react-query";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { ownValue } from "@/lib/own-value";
import { personNameInSentence } from "@/lib/people/person-name";
import { useOpenRoom } from "@/ui/room-context";
import { useServices } from "@/ui/services-context";
import { ReactionPopover } from "./ReactionPopover";

interface ReactionPeopleProps {
  chip: RefObject<HTMLButtonElement | null>;
  messageId: string;
  kind: string;
  kindName: string;
  /** The count on the chip. */
  count: number;
  /** The count from the server; a pending reaction of the reader is not part of it. */
  served: number;
}

/** The people who gave this reaction, next to its chip. */
export default function ReactionPeople({
  chip,
  messageId,
  kind,
  kindName,
  count,
  served,
}: ReactionPeopleProps) {
  const { t } = useTranslation();
  const { api } = useServices();
  const { roomId } = useOpenRoom();
  const { data } = useQuery({
    queryKey: ["reactors", roomId, messageId, served],
    queryFn: () => api.reactors(roomId, messageId),
    staleTime: 5_000,
    placeholderData: keepPreviousData,
    retry: false, // a hot room may refuse it, and the count is enough
  });
  const names = ownValue(data?.reactions ?? {}, kind)?.map((person) => personNameInSentence(t, person));
  if (names === undefined || names.length === 0) return null;
  return <ReactionPopover chip={chip} kindName={kindName} names={names} otherCount={count - names.length} />;
}
