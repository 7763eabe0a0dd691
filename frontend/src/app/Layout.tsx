import { Outlet } from "@tanstack/react-router";
import { createContext, use, useState } from "react";
import { RoomList } from "@/features/rooms/RoomList";
import { Contained } from "@/ui/Contained";
import { lazyComponent } from "@/ui/lazy-component";
import { PartBoundary } from "@/ui/PartBoundary";

const Drawer = lazyComponent(() => import("./Drawer"));

const OpenMenuContext = createContext<() => void>(() => undefined);
export const useOpenMenu = (): (() => void) => use(OpenMenuContext);

/** The room list next to the open room; on a phone it slides in. */
export function Layout() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <OpenMenuContext value={() => setIsOpen(true)}>
      <div className="layout">
        <aside className="sidebar">
          <PartBoundary>
            <RoomList />
          </PartBoundary>
        </aside>
        <main className="main">
          <Outlet />
        </main>
        {isOpen && (
          <Contained of={isOpen} fallback={null} onError={() => setIsOpen(false)}>
            <Drawer onClose={() => setIsOpen(false)} />
          </Contained>
        )}
      </div>
    </OpenMenuContext>
  );
}
