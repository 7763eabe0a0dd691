import type { Author } from "@/lib/contract/types";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { PlainLine } from "./PlainLine";
import { TaggedName } from "./TaggedName";
import { useShownPerson } from "./use-shown-person";

interface PersonNameProps {
  readonly of: Author;
  readonly className?: string | undefined;
}

/** A person's name, with a tag while another person in the room has the same nickname. */
export function PersonName({ of, ...style }: PersonNameProps) {
  return (
    <ErrorBoundary resetKey={of} fallback={<PlainLine text={of.nickname} {...style} />}>
      <ObservedName of={of} {...style} />
    </ErrorBoundary>
  );
}

function ObservedName({ of, ...style }: PersonNameProps) {
  return <TaggedName {...useShownPerson(of)} {...style} />;
}
