import type { ReactNode } from "react";

/** A page that other sites frame. An overlay is transparent, for use over a video. */
export const EmbedFrame = ({ isOverlay, children }: { isOverlay: boolean; children: ReactNode }) => (
  <main className={isOverlay ? "embed embed-overlay" : "embed"}>{children}</main>
);
