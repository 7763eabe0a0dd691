const MAX_CHARACTERS = 200;

interface PlainLineProps {
  readonly text: string;
  readonly className?: string | undefined;
}

/** The unparsed text of a name or a line: the fallback when the other components throw. */
export function PlainLine({ text, className }: PlainLineProps) {
  return <bdi className={className}>{text.slice(0, MAX_CHARACTERS)}</bdi>;
}
