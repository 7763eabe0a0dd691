import {
  createRootRoute,
  createRoute,
  createRouter,
  Outlet,
  redirect,
  useLocation,
} from "@tanstack/react-router";
import { Room } from "@/features/room/Room";
import { isEmbedPath } from "@/lib/embed-path";
import { LOBBY } from "@/lib/rooms/lobby";
import { lazyComponent } from "@/ui/lazy-component";
import { Crashed } from "./Crashed";
import { EmbedFrame } from "./EmbedFrame";
import { Layout, useOpenMenu } from "./Layout";
import { NewVersion } from "./NewVersion";

const Moderation = lazyComponent(() => import("@/features/moderation/Moderation"));
const NotFound = lazyComponent(() => import("./NotFound"));
const OperatorModeration = lazyComponent(() => import("@/features/operator/OperatorModeration"));
const OperatorPage = lazyComponent(() => import("@/features/operator/OperatorPage"));

interface RoomSearch {
  /** The seq of a message to show. */
  at?: number;
}

function roomSearch(search: Record<string, unknown>): RoomSearch {
  const at = Number(search["at"]);
  return Number.isSafeInteger(at) && at > 0 ? { at } : {};
}

const root = createRootRoute({
  component: Outlet,
  notFoundComponent: function UnknownAddress() {
    return <NotFound isEmbedded={useLocation({ select: ({ pathname }) => isEmbedPath(pathname) })} />;
  },
});
const layout = createRoute({ getParentRoute: () => root, id: "layout", component: Layout });

const lobby = createRoute({
  getParentRoute: () => layout,
  path: "/",
  validateSearch: roomSearch,
  component: function Lobby() {
    return <Room key={LOBBY} roomId={LOBBY} at={lobby.useSearch().at} onMenu={useOpenMenu()} />;
  },
});

const room = createRoute({
  getParentRoute: () => layout,
  path: "/rooms/$roomId",
  validateSearch: roomSearch,
  component: function NamedRoom() {
    const { roomId } = room.useParams();
    return <Room key={roomId} roomId={roomId} at={room.useSearch().at} onMenu={useOpenMenu()} />;
  },
});

const moderation = createRoute({
  getParentRoute: () => layout,
  path: "/rooms/$roomId/moderate",
  validateSearch: ({ as }: Record<string, unknown>): { as?: "operator" } => (as === "operator" ? { as } : {}),
  component: function ModeratedRoom() {
    const { roomId } = moderation.useParams();
    const View = moderation.useSearch().as === "operator" ? OperatorModeration : Moderation;
    return <View key={roomId} roomId={roomId} onMenu={useOpenMenu()} />;
  },
});

const operator = createRoute({
  getParentRoute: () => root,
  path: "/ops",
  component: function Operator() {
    return <OperatorPage />;
  },
});

/** The earlier address of the control room. */
const earlierOperator = createRoute({
  getParentRoute: () => root,
  path: "/operator",
  beforeLoad: () => {
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- the router's way to redirect
    throw redirect({ to: "/ops", replace: true });
  },
});

/** A room for other sites to frame, without links to other rooms. `?overlay=1`, for video, is transparent and read-only. */
const embed = createRoute({
  getParentRoute: () => root,
  path: "/embed/rooms/$roomId",
  validateSearch: (search: Record<string, unknown>) => ({
    ...roomSearch(search),
    ...(Number(search["overlay"]) === 1 ? { overlay: 1 as const } : {}),
  }),
  component: function EmbeddedRoom() {
    const { roomId } = embed.useParams();
    const { at, overlay } = embed.useSearch();
    return (
      <EmbedFrame isOverlay={overlay === 1}>
        {overlay !== 1 && <NewVersion />}
        <Room key={roomId} roomId={roomId} at={at} shape={overlay === 1 ? "overlay" : "embed"} />
      </EmbedFrame>
    );
  },
});

export const router = createRouter({
  routeTree: root.addChildren([
    layout.addChildren([lobby, room, moderation]),
    operator,
    earlierOperator,
    embed,
  ]),
  defaultErrorComponent: Crashed,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
