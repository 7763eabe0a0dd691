import type { ReactNode } from "react";
import * as css from "./room.module.css";

/** page: everything; embed: without links to other rooms; overlay: read-only, only the messages. */
export type RoomShape = "page" | "embed" | "overlay";

/** The column of a room's parts. */
export const RoomFrame = ({ shape, children }: { shape: RoomShape; children: ReactNode }) => (
  <section className={css.room} data-shape={shape}>
    {children}
  </section>
);
