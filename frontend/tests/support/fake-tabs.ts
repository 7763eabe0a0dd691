/** Tabs of one browser that exchange messages, and may crash or freeze. */
import type { TabChannel, TabMessage } from "@/lib/stream/leading-tab";

export class FakeChannels {
  readonly #channels = new Set<FakeChannel>();

  open(): FakeChannel {
    const channel: FakeChannel = new FakeChannel((message) => {
      for (const other of this.#channels) if (other !== channel) other.receive(message);
    });
    this.#channels.add(channel);
    return channel;
  }
}

export class FakeChannel implements TabChannel {
  onmessage: TabChannel["onmessage"] = null;
  /** The tab has crashed. */
  isDead = false;
  /** The work that a frozen tab does when it thaws; null while it is not frozen. */
  #later: (() => void)[] | null = null;

  constructor(private readonly send: (message: TabMessage) => void) {}

  postMessage(message: TabMessage): void {
    this.#do(() => this.send(message));
  }

  receive(data: TabMessage): void {
    this.#do(() => this.onmessage?.({ data } as MessageEvent<TabMessage>));
  }

  freeze(): void {
    this.#later ??= [];
  }

  thaw(): void {
    const later = this.#later ?? [];
    this.#later = null;
    for (const call of later) this.#do(call);
  }

  #do(call: () => void): void {
    if (this.isDead) return;
    if (this.#later === null) call();
    else this.#later.push(call);
  }
}
