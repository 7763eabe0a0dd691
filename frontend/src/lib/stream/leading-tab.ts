/** One tab opens the streams of all tabs of a browser, where there is no shared worker. The tabs find it by messages on a
 * BroadcastChannel, which needs no secure context. Two leaders for a moment cost a stream, not an event. */
import type { Clock } from "@/lib/clock";
import type { HubPort, ToHub, ToTab } from "./hub-messages";
import { HubServer } from "./hub-server";
import type { StreamSource } from "./stream-source";

export const LEADER_ANSWERS_WITHIN_MS = 300;

/** What tabs send each other. `from` is the id of the sending tab. */
export type TabMessage =
  | { readonly type: "who-leads" | "leads" | "left"; readonly from: string }
  | { readonly type: "to-leader"; readonly from: string; readonly to: string; readonly message: ToHub }
  | { readonly type: "to-tab"; readonly from: string; readonly to: string; readonly message: ToTab };

/** The parts of a BroadcastChannel. */
export interface TabChannel {
  postMessage(message: TabMessage): void;
  onmessage: ((message: MessageEvent<TabMessage>) => void) | null;
}

interface LeadingTabDependencies {
  readonly channel: TabChannel;
  /** Different in every tab. */
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
  #visits = 0; // how often the tab was left

  constructor(private readonly deps: LeadingTabDependencies) {
    deps.channel.onmessage = ({ data }) => this.#receive(data);
  }

  /** Find the leading tab, or lead if none answers. A new call replaces the port of the last one. */
  connect = async (): Promise<HubPort> => {
    const visit = this.#visits;
    if (this.#server === null) {
      const leader = await this.#findLeader();
      if (visit !== this.#visits) return DEAD_PORT; // hidden meanwhile: it must not lead
      if (leader === null) this.#lead();
    }
    return (this.#port = this.#server === null ? this.#portToLeader() : portTo(this.#server));
  };

  /** The browser hides or unloads this tab: another one must lead. */
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
    // The random part lets one of several tabs that lost their leader together announce itself first.
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
        this.#hearOfLeader(message.from);
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

  /** Of two leaders, the one with the smaller id goes on. */
  #hearOfLeader(other: string): void {
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
      const post = (answer: ToTab) =>
        this.#post({ type: "to-tab", from: this.deps.tabId, to: follower, message: answer });
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

/** The leader's own port. As with any other port, answers arrive later. */
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
