import { useEffect, useState } from "react";
import * as css from "./room.module.css";

const SHOWN_MS = 4_000;

/** The result of something the reader did, in one short sentence. A new object shows the toast again. */
export interface ToastMessage {
  readonly words: string;
}

/** A sentence over the end of the list that disappears by itself. The live region is always in the page, so that
 * screen readers announce the change. */
export function Toast({ message }: { message: ToastMessage | null }) {
  const [shown, setShown] = useState<ToastMessage | null>(null);
  useEffect(() => {
    setShown(message);
    const timer = setTimeout(() => setShown(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [message]);
  return (
    <div className={css.toastAnchor} role="status">
      {shown !== null && (
        <p className={css.toast} data-testid="toast">
          {shown.words}
        </p>
      )}
    </div>
  );
}
