import { Outlet } from "@tanstack/react-router";
import { createContext, use, useCallback, useState, useSyncExternalStore } from "react";
import { RoomListFailure } from "@/features/rooms/RoomListFailure";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { lazyComponent } from "@/ui/lazy-component";
import { RetryBoundary } from "@/ui/RetryBoundary";
import { useServices } from "@/ui/services-context";
import { LayoutFrame } from "./LayoutFrame";
import { NewVersion } from "./NewVersion";

// Loaded after the room, which people came to read.
const RoomList = lazyComponent(() => import("@/features/rooms/RoomList"), RoomListFailure);
const Drawer = lazyComponent(() => import("./Drawer"));
const InviteDialog = lazyComponent(() => import("@/features/invites/InviteDialog"));

const OpenMenuContext = createContext<() => void>(() => undefined);
export const useOpenMenu = (): (() => void) => use(OpenMenuContext);

/** The room list next to the open room; on a phone it slides in. */
export function Layout() {
  const [isMenuOpen, setIsMenuOpen] = useState(false);
  const openMenu = useCallback(() => setIsMenuOpen(true), []);
  const closeMenu = () => setIsMenuOpen(false);
  const { inviteLink } = useServices();
  const inviteCode = useSyncExternalStore(inviteLink.subscribe, inviteLink.getSnapshot);
  return (
    <OpenMenuContext value={openMenu}>
      <LayoutFrame
        sidebar={
          <RetryBoundary>
            <RoomList />
          </RetryBoundary>
        }
      >
        <NewVersion />
        <Outlet />
      </LayoutFrame>
      {isMenuOpen && (
        <ErrorBoundary resetKey={isMenuOpen} fallback={null} onError={closeMenu}>
          <Drawer onClose={closeMenu} />
        </ErrorBoundary>
      )}
      {inviteCode !== null && (
        <ErrorBoundary resetKey={inviteCode} fallback={null} onError={inviteLink.forget}>
          <InviteDialog key={inviteCode} code={inviteCode} onClose={inviteLink.forget} />
        </ErrorBoundary>
      )}
    </OpenMenuContext>
  );
}
