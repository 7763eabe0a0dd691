/** In a browser without shared workers, one tab leads: it opens the streams of all tabs. Tabs find it over a
 * BroadcastChannel, which needs no secure context. Two leaders at once cost a connection, but no event is lost. */
import type { Clock } from "@/lib/clock";
import type { HubPort, ToHub, ToTab } from "./hub-messages";
import { HubServer } from "./hub-server";
import type { StreamSource } from "./stream-source";

export const LEADER_ANSWERS_WITHIN_MS = 300;

/** The messages between tabs. `from` is the id of the sending tab. */
export type TabMessage =
  | { readonly type: "who-leads" | "leads" | "left"; readonly from: string }
  | { readonly type: "to-leader"; readonly from: string; readonly to: string; readonly message: ToHub }
  | { readonly type: "to-tab"; readonly from: string; readonly to: string; readonly message: ToTab };

/** The parts of BroadcastChannel that are used here. */
export interface TabChannel {
  postMessage(message: TabMessage): void;
  onmessage: ((message: MessageEvent<TabMessage>) => void) | null;
}

interface LeadingTabDependencies {
  readonly channel: TabChannel;
  /** Unique to the tab. */
  readonly tabId: string;
  readonly upstream: StreamSource;
  readonly clock: Clock;
  readonly random: () => number;
}

export class LeadingTab {
  #leader: string | null = null;
  /** The streams of all tabs while this tab leads. */
  #server: HubServer | null = null;
  readonly #followers = new Map<string, (message: ToHub) => void>();
  #port: HubPort | null = null;
  #announced = () => {};
  #visits = 0; // incremented by `leave`

  constructor(private readonly deps: LeadingTabDependencies) {
    deps.channel.onmessage = ({ data }) => this.#receive(data);
  }

  /** Find the leading tab, or lead if none responds. Each call replaces the port of the previous one. */
  connect = async (): Promise<HubPort> => {
    const visit = this.#visits;
    if (this.#server === null) {
      const leader = await this.#findLeader();
      if (visit !== this.#visits) return DEAD_PORT; // a tab that was hidden in the meantime must not lead
      if (leader === null) this.#lead();
    }
    return (this.#port = this.#server === null ? this.#portToLeader() : portTo(this.#server));
  };

  /** Called when the browser hides or unloads this tab: another one must lead. */
  leave = (): void => {
    this.#visits += 1;
    this.#port = null;
    if (this.#server !== null) this.#stepDown();
    this.#leader = null;
  };

  #post(message: TabMessage): void {
    this.deps.channel.postMessage(message);
  }

  async #findLeader(): Promise<string | null> {
    const { tabId, clock, random } = this.deps;
    // Random, so that of several tabs that lose their leader together, one announces itself before the others.
    const withinMs = LEADER_ANSWERS_WITHIN_MS * (1 + random());
    this.#leader = null;
    await new Promise<void>((resolve) => {
      const cancel = clock.after(withinMs, resolve);
      this.#announced = () => {
        cancel();
        resolve();
      };
      this.#post({ type: "who-leads", from: tabId });
    });
    return this.#leader;
  }

  #lead(): void {
    const { tabId, upstream, clock } = this.deps;
    this.#leader = tabId;
    this.#server = new HubServer(upstream, clock);
    this.#post({ type: "leads", from: tabId });
  }

  #stepDown(): void {
    this.#server?.stop();
    this.#server = null;
    this.#followers.clear();
    this.#post({ type: "left", from: this.deps.tabId });
  }

  #receive(message: TabMessage): void {
    const { tabId } = this.deps;
    switch (message.type) {
      case "who-leads":
        if (this.#server !== null) this.#post({ type: "leads", from: tabId });
        break;
      case "leads":
        this.#leaderAnnounced(message.from);
        break;
      case "left":
        if (message.from === this.#leader) this.#loseLeader();
        break;
      case "to-leader":
        if (message.to === tabId) this.#serve(message.from, message.message);
        break;
      case "to-tab":
        if (message.to === tabId && message.from === this.#leader) deliver(this.#port, message.message);
    }
  }

  /** If two tabs lead, the one with the smaller id continues. */
  #leaderAnnounced(other: string): void {
    const { tabId } = this.deps;
    if (this.#server !== null) {
      if (tabId < other) this.#post({ type: "leads", from: tabId });
      else {
        this.#stepDown();
        this.#loseLeader();
      }
    } else if (this.#leader === null) {
      this.#leader = other;
      this.#announced();
    } else if (other < this.#leader) this.#loseLeader();
  }

  #loseLeader(): void {
    this.#leader = null;
    const port = this.#port;
    this.#port = null;
    deliver(port, { type: "lost" });
  }

  #serve(follower: string, message: ToHub): void {
    const server = this.#server;
    if (server === null) return;
    let receive = this.#followers.get(follower);
    if (receive === undefined) {
      const post = (message: ToTab) =>
        this.#post({ type: "to-tab", from: this.deps.tabId, to: follower, message });
      receive = server.connect(post, () => this.#followers.delete(follower));
      this.#followers.set(follower, receive);
    }
    receive(message);
  }

  #portToLeader(): HubPort {
    const to = this.#leader ?? "";
    return {
      postMessage: (message) => this.#post({ type: "to-leader", from: this.deps.tabId, to, message }),
      onmessage: null,
    };
  }
}

const DEAD_PORT: HubPort = { postMessage: () => undefined, onmessage: null };

/** The leader's own port. Like any port, it delivers messages asynchronously. */
function portTo(server: HubServer): HubPort {
  const port: HubPort = {
    postMessage: (message) => receive(message),
    onmessage: null,
  };
  const receive = server.connect((message) => queueMicrotask(() => deliver(port, message)));
  return port;
}

function deliver(port: HubPort | null, message: ToTab): void {
  port?.onmessage?.({ data: message } as MessageEvent<ToTab>);
}
