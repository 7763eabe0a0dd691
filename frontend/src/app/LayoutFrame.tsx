import type { ReactNode } from "react";

/** Two columns: the sidebar, which is hidden on a phone, and the main part. */
export const LayoutFrame = ({ sidebar, children }: { sidebar: ReactNode; children: ReactNode }) => (
  <div className="layout">
    <aside className="sidebar">{sidebar}</aside>
    <main className="main">{children}</main>
  </div>
);
