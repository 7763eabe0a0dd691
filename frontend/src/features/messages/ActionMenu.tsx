import { Ellipsis, type LucideIcon } from "lucide-react";
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import * as css from "./row-actions.module.css";

interface ActionMenuProps {
  label: string;
  onClose: () => void;
  children: ReactNode;
}

/** A menu that is open from the start, and its button. */
export function ActionMenu({ label, onClose, children }: ActionMenuProps) {
  return (
    <DropdownMenu.Root modal={false} defaultOpen onOpenChange={(isOpen) => !isOpen && onClose()}>
      <DropdownMenu.Trigger className="icon-button" aria-label={label}>
        <Ellipsis size={15} aria-hidden="true" />
      </DropdownMenu.Trigger>
      <DropdownMenu.Portal container={document.querySelector("main")}>
        <DropdownMenu.Content className="popover" align="end" sideOffset={4} collisionPadding={8}>
          {children}
        </DropdownMenu.Content>
      </DropdownMenu.Portal>
    </DropdownMenu.Root>
  );
}

interface ActionMenuItemProps {
  icon: LucideIcon;
  label: string;
  isDanger?: boolean;
  onSelect: () => void;
}

export function ActionMenuItem({ icon: Icon, label, isDanger = false, onSelect }: ActionMenuItemProps) {
  return (
    <DropdownMenu.Item
      className={isDanger ? `${css.menuItem} ${css.menuDanger}` : css.menuItem}
      onSelect={onSelect}
    >
      <Icon size={15} aria-hidden="true" /> <span>{label}</span>
    </DropdownMenu.Item>
  );
}
