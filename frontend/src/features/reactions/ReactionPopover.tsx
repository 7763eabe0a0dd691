import { Popover } from "radix-ui";
import type { RefObject } from "react";
import { useTranslation } from "react-i18next";
import * as css from "./reactions.module.css";

interface ReactionPopoverProps {
  chip: RefObject<HTMLButtonElement | null>;
  kindName: string;
  names: readonly string[];
  /** People who reacted and are not in `names`. */
  otherCount: number;
}

/** Names of people who gave a reaction, in a popover above its chip. */
export function ReactionPopover({ chip, kindName, names, otherCount }: ReactionPopoverProps) {
  const { t, i18n } = useTranslation();
  const all = otherCount > 0 ? [...names, t("message.reactedOthers", { count: otherCount })] : names;
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
