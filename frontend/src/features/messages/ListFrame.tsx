import type { ReactNode } from "react";
import * as css from "./messages.module.css";

interface ListFrameProps {
  /** Overlays the top of the list, so that no row moves when it appears. */
  over: ReactNode;
  chips: ReactNode;
  children: ReactNode;
}

/** The list, and the overlays at its top and its end. */
export const ListFrame = ({ over, chips, children }: ListFrameProps) => (
  <div className={css.listFrame}>
    {children}
    {over !== false && <div className={css.overList}>{over}</div>}
    {chips}
  </div>
);
