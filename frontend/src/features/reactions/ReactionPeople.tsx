import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Popover } from "radix-ui";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import { ownValue } from "@/lib/own-value";
import { nameInSentence } from "@/lib/text/shown-name";
import { useServices } from "@/ui/services-context";
import { useOpenRoom } from "@/ui/room-context";
import * as css from "./reactions.module.css";

interface PeopleProps {
  chip: RefObject<HTMLButtonElement | null>;
  messageId: string;
  kind: string;
  kindName: string;
  /** As shown, and as the server had it: one's own may be on its way. */
  count: number;
  served: number;
}

/** Who gave this reaction, beside the chip that is pointed at or has the focus. */
export default function ReactionPeople({ chip, messageId, kind, kindName, count, served }: PeopleProps) {
  const { t, i18n } = useTranslation();
  const { api } = useServices();
  const { roomId } = useOpenRoom();
  const { data } = useQuery({
    queryKey: ["reactors", roomId, messageId, served],
    queryFn: () => api.reactors(roomId, messageId),
    staleTime: 5_000,
    placeholderData: keepPreviousData,
    retry: false, // a hot room may refuse it, and the count says enough
  });
  const names = ownValue(data?.reactions ?? {}, kind)?.map(({ nickname }) =>
    nameInSentence(nickname, t("person.unnamed")),
  );
  if (names === undefined || names.length === 0) return null;
  const others = count - names.length;
  const all = others > 0 ? [...names, t("message.reactedOthers", { count: others })] : names;
  return (
    <Popover.Root open>
      <Popover.Anchor virtualRef={chip} />
      <Popover.Portal container={document.querySelector("main")}>
        <Popover.Content
          className={css.reactionPeople}
          role="tooltip"
          side="top"
          sideOffset={6}
          collisionPadding={8}
          onOpenAutoFocus={(event) => event.preventDefault()}
          onCloseAutoFocus={(event) => event.preventDefault()}
        >
          <b>{kindName}</b> <bdi>{new Intl.ListFormat(i18n.language).format(all)}</bdi>
        </Popover.Content>
      </Popover.Portal>
    </Popover.Root>
  );
}
