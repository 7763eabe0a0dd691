import { useTranslation } from "react-i18next";
import type { Author } from "@/lib/contract/types";
import { personName } from "@/lib/people/person-name";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { PlainLine } from "./PlainLine";

interface UntaggedNameProps {
  readonly of: Pick<Author, "id" | "nickname">;
  readonly className?: string | undefined;
}

/** A person's name without a tag. */
export function UntaggedName({ of, className }: UntaggedNameProps) {
  return (
    <ErrorBoundary resetKey={of} fallback={<PlainLine text={of.nickname} className={className} />}>
      <NameWithoutTag of={of} className={className} />
    </ErrorBoundary>
  );
}

function NameWithoutTag({ of, className }: UntaggedNameProps) {
  const { t } = useTranslation();
  return <bdi className={className}>{personName(t, of)}</bdi>;
}
