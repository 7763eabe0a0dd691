import { plainLine } from "@/lib/text/plain-line";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { PlainLine } from "./PlainLine";

interface OneLineProps {
  readonly of: string;
  readonly max?: number | undefined;
  readonly className?: string | undefined;
}

/** A message on one line, without its markup. */
export function OneLine({ of, max, className }: OneLineProps) {
  return (
    <ErrorBoundary resetKey={of} fallback={<PlainLine text={of} className={className} />}>
      <LineWithoutMarkup of={of} max={max} className={className} />
    </ErrorBoundary>
  );
}

function LineWithoutMarkup({ of, max, className }: OneLineProps) {
  return <bdi className={className}>{plainLine(of, max)}</bdi>;
}
