import { useEffect, useState } from "react";

const SHOWN_MS = 4_000;

/** What was said last about something the reader did; it goes by itself. */
export interface Said {
  readonly words: string;
}

/** One short sentence over the list's end. It is always in the page, so that screen readers hear it change. */
export function Notice({ said }: { said: Said | null }) {
  const [shown, setShown] = useState<Said | null>(null);
  useEffect(() => {
    setShown(said);
    const timer = setTimeout(() => setShown(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [said]);
  return (
    <div className="notice-place" role="status">
      {shown !== null && <p className="notice">{shown.words}</p>}
    </div>
  );
}
