import * as css from "./user-text.module.css";

interface TaggedNameProps {
  readonly name: string;
  readonly tag: string | null;
  readonly className?: string | undefined;
}

/** A name and its tag. */
export function TaggedName({ name, tag, className }: TaggedNameProps) {
  return (
    <>
      <bdi className={className}>{name}</bdi>
      {tag !== null && (
        <span className={css.nameTag} data-testid="name-tag">
          {` #${tag}`}
        </span>
      )}
    </>
  );
}
