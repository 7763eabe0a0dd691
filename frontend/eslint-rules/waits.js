/** A wait for the network or the server ends early when the network returns: `network.wait` does that. Other timers are
 * listed here with their reason. */

const NOT_FOR_THE_NETWORK = {
  "a definition": ["lib/clock.ts", "lib/network-return.ts", "lib/sleep.ts"],
  "NetworkReturn ends it through retryNow": [
    "lib/feed/event-polling.ts",
    "lib/feed/room-feed.ts",
    "lib/feed/stream-queue.ts",
    "lib/feed/stream-trials.ts",
  ],
  "NetworkReturn ends it through wake": ["lib/outbox/outbox.ts"],
  "a limit on how long a response or a stream may be silent": [
    "features/composer/use-emoji-data.ts",
    "lib/i18n/i18n.ts",
    "lib/operator/control-room-feed.ts",
    "lib/rooms/follow-rooms.ts",
  ],
  "other tabs and workers": [
    "lib/stream/connect-worker.ts",
    "lib/stream/hub-client.ts",
    "lib/stream/hub-server.ts",
    "lib/stream/leading-tab.ts",
  ],
  "the pace of what the reader sees, hears or does": [
    "features/composer/use-posting-block.ts",
    "features/composer/use-slow-mode.ts",
    "features/composer/use-typing-names.ts",
    "features/messages/scroll-end.ts",
    "features/messages/use-pause-gestures.ts",
    "features/reactions/use-steady-value.ts",
    "features/room/use-copy-link.ts",
    "features/room/use-delayed-true.ts",
    "features/room/use-toast.ts",
    "lib/announcements.ts",
    "lib/notifications/mention-notifier.ts",
    "lib/order-hold.ts",
    "lib/room-view/room-view.ts",
    "lib/stream/lane-switch.ts",
  ],
  "the order of requests, without a wait": ["ui/lazy-component.tsx"],
  "a limit on how often the server is called": [
    "features/rooms/use-room-list-stream.ts",
    "lib/app-version.ts",
  ],
};

/** The files below src that may use timers. */
export const TIMER_FILES = Object.values(NOT_FOR_THE_NETWORK).flat();

const HOW =
  "A wait for the network or the server ends early when the network returns: use network.wait. List another timer in eslint-rules/waits.js.";

/** The rule `waits`: no `clock.after(…)` and no `setTimeout(…)`. */
export const waits = {
  meta: { type: "problem", schema: [], messages: { wait: HOW } },
  create(context) {
    const report = (node) => context.report({ node, messageId: "wait" });
    return {
      "CallExpression[callee.property.name='after']:matches([callee.object.name=/clock$/i], [callee.object.property.name=/clock$/i])":
        report,
      "CallExpression:matches([callee.name='setTimeout'], [callee.property.name='setTimeout'])": report,
    };
  },
};
