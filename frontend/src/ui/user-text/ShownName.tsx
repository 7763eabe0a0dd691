import { useTranslation } from "react-i18next";
import { shownName } from "@/lib/text/shown-name";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { PlainLine } from "./PlainLine";

interface ShownNameProps {
  readonly of: string;
  readonly isPerson?: boolean;
  readonly className?: string | undefined;
}

/** The name of a room, or of a person without a tag. */
export function ShownName({ of, isPerson = false, className }: ShownNameProps) {
  return (
    <ErrorBoundary resetKey={of} fallback={<PlainLine text={of} className={className} />}>
      <HarmlessName of={of} isPerson={isPerson} className={className} />
    </ErrorBoundary>
  );
}

function HarmlessName({ of, isPerson, className }: ShownNameProps) {
  const { t } = useTranslation();
  return (
    <bdi className={className}>{shownName(of, isPerson ? t("person.unnamed") : t("room.untitled"))}</bdi>
  );
}
