import type { ReactNode } from "react";
import * as css from "./reactions.module.css";

/** A line of fixed height for the reactions of one message. */
export const ReactionLine = ({ children }: { children: ReactNode }) => (
  <div className={css.reactions}>{children}</div>
);
