import type { LucideIcon } from "lucide-react";
import type { ComponentProps } from "react";

interface IconButtonProps extends Omit<ComponentProps<"button">, "type" | "aria-label" | "children"> {
  /** What the button does: the accessible name and the tooltip. */
  label: string;
  icon: LucideIcon;
  size?: number;
}

/** A button that shows only an icon. */
export function IconButton({ label, icon: Icon, size = 18, className, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      title={label}
      {...rest}
      aria-label={label}
      className={className === undefined ? "icon-button" : `icon-button ${className}`}
    >
      <Icon size={size} aria-hidden="true" />
    </button>
  );
}
