import { Outlet } from "@tanstack/react-router";
import { createContext, lazy, Suspense, use, useState } from "react";
import { RoomList } from "@/features/rooms/RoomList";

const Drawer = lazy(() => import("./Drawer"));

const OpenMenuContext = createContext<() => void>(() => undefined);
export const useOpenMenu = (): (() => void) => use(OpenMenuContext);

/** Rooms beside the open room; on a phone they slide in. */
export function Layout() {
  const [isOpen, setIsOpen] = useState(false);
  return (
    <OpenMenuContext value={() => setIsOpen(true)}>
      <div className="layout">
        <aside className="sidebar">
          <RoomList />
        </aside>
        <main className="main">
          <Outlet />
        </main>
        {isOpen && (
          <Suspense>
            <Drawer onClose={() => setIsOpen(false)} />
          </Suspense>
        )}
      </div>
    </OpenMenuContext>
  );
}
