import * as css from "./room.module.css";

/** Keys, and what each does. */
export const KeyList = ({ keys }: { keys: readonly (readonly [key: string, meaning: string])[] }) => (
  <dl className={css.shortcuts}>
    {keys.map(([key, meaning]) => (
      <div key={meaning}>
        <dt>
          <kbd>{key}</kbd>
        </dt>
        <dd>{meaning}</dd>
      </div>
    ))}
  </dl>
);
