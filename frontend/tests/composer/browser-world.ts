/** A browser with two tabs, its storage and a server, for tests with random orders of what people and machines do. Texts
 * are unique, so that each can be followed. */
import { vi } from "vitest";
import { Problem, unreachable } from "@/lib/api/problem";
import { Composers } from "@/lib/composer/composers";
import { textOf } from "@/lib/composer/composer-machine";
import { Drafts, DRAFTS_KEY } from "@/lib/composer/drafts";
import { EDITS_KEY, UnfinishedEdits } from "@/lib/composer/unfinished-edits";
import type { Author, Draft, Message, Session } from "@/lib/contract/types";
import { OtherSession, Outbox, type Post } from "@/lib/outbox/outbox";
import type { OutboxStore, StoredPost } from "@/lib/outbox/outbox-store";
import { SessionStore } from "@/lib/session/session-store";
import { checkedApi } from "../support/contract";
import { FakeClock, settled } from "../support/fake-clock";
import { message } from "../support/fake-room";
import { MemoryStorage } from "../support/memory-storage";

const LATENCY_MS = 200;
export const ROOMS = ["lobby", "games"] as const;
export type StoreFault = "none" | "rejects" | "hangs";
/** The response is lost after the server has handled the request. */
export const LOST = "lost";

const UNAUTHENTICATED = new Problem(401, "unauthenticated", "");

/** What happened to a text. */
export interface Written {
  readonly roomId: string;
  /** Send was pressed while it was in the field, or it was typed while the nickname prompt was open. */
  isRequested: boolean;
  /** Its writer erased, cancelled or discarded it. */
  isErased: boolean;
  /** Its loss is allowed, for example when its writer signs out. */
  isExcused: boolean;
}

interface StoredMessage {
  readonly message: Message;
  readonly clientId: string;
  readonly texts: string[];
}

export class Server {
  readonly messages: StoredMessage[] = [];
  readonly faults: string[] = [];
  /** Whose session the browser has. */
  user: Author | null = null;
  calls = 0;
  #users = 0;

  constructor(private readonly written: ReadonlyMap<string, Written>) {}

  join(nickname: string): Session {
    this.user = { id: `user-${(this.#users += 1)}`, nickname };
    return { user: this.user, token: "", expires_at: "" };
  }

  me(): Author {
    if (this.user === null) throw UNAUTHENTICATED;
    return this.user;
  }

  post(roomId: string, draft: Draft): Message {
    this.calls += 1;
    const author = this.me();
    const earlier = this.messages.find(
      (each) => each.clientId === draft.client_message_id && each.message.author.id === author.id,
    );
    if (earlier !== undefined) return earlier.message;
    this.#check(draft.text, roomId);
    const seq = this.messages.length + 1;
    const made = message(seq, {
      room_id: roomId,
      author,
      text: draft.text,
      reply_to: draft.reply_to ?? null,
    });
    this.messages.push({ message: made, clientId: draft.client_message_id, texts: [draft.text] });
    return made;
  }

  edit(roomId: string, id: string, text: string): Message {
    this.calls += 1;
    const author = this.me();
    const index = this.messages.findIndex((each) => each.message.id === id);
    const found = this.messages[index];
    if (found === undefined || found.message.deleted) throw new Problem(404, "message_not_found", "");
    if (found.message.author.id !== author.id) throw new Problem(403, "forbidden", "");
    if (found.message.text === text) return found.message;
    this.#check(text, roomId);
    const edited = { ...found.message, text };
    this.messages[index] = { ...found, message: edited, texts: [...found.texts, text] };
    return edited;
  }

  remove(id: string): void {
    const index = this.messages.findIndex((each) => each.message.id === id);
    const found = this.messages[index];
    if (found !== undefined)
      this.messages[index] = { ...found, message: { ...found.message, text: "", deleted: true } };
  }

  #check(text: string, roomId: string): void {
    const written = this.written.get(text);
    if (written?.isRequested !== true) this.faults.push(`unwanted: ${text}`);
    if (written?.isErased === true) this.faults.push(`erased, but published: ${text}`);
    if (written?.roomId !== roomId) this.faults.push(`in the wrong room: ${text}`);
  }
}

/** One open page of the app. A reload replaces it. */
export class Tab {
  isAlive = true;
  roomId: string = ROOMS[0];
  readonly session: SessionStore;
  readonly outbox: Outbox;
  readonly composers: Composers;

  constructor(world: World) {
    const { server, clock, storage } = world;
    const api = checkedApi({
      me: () => world.answer(this, () => server.me(), { mayBeRefused: false }),
      createSession: (nickname: string) => world.answer(this, () => server.join(nickname)),
      endSession: () => world.answer(this, () => void (server.user = null)),
      endAllSessions: () => world.answer(this, () => void (server.user = null)),
      post: (roomId: string, draft: Draft) => world.answer(this, () => server.post(roomId, draft)),
      edit: (roomId: string, id: string, text: string) =>
        world.answer(this, () => server.edit(roomId, id, text)),
    });
    this.session = new SessionStore(api, storage);
    this.session.onSignOut(() => world.excuseDrafts());
    this.outbox = new Outbox({
      store: world.storeOf(this),
      api,
      clock,
      random: () => 0.5,
      userId: () => {
        const { viewer } = this.session.getSnapshot();
        return viewer === undefined ? undefined : (viewer?.id ?? null);
      },
      sessionIsOver: () => void this.session.load(),
      asUser: (userId, work) =>
        this.session.isStillUser(userId) ? work() : Promise.reject(new OtherSession()),
      exclusively: (name, work) => world.lock(this, name, work),
      announceDone: (clientId) => world.announce(this, clientId),
    });
    this.composers = new Composers({
      api,
      outbox: this.outbox,
      session: this.session,
      drafts: new Drafts(world.newId),
      edits: new UnfinishedEdits(),
      clock,
      newId: world.newId,
    });
    this.session.subscribe(this.outbox.userChanged);
    for (const roomId of ROOMS) this.composers.of(roomId);
    void this.session.load();
    void this.outbox.restore();
  }

  get composer() {
    return this.composers.of(this.roomId);
  }

  get posts(): readonly Post[] {
    return this.outbox.getSnapshot().posts;
  }

  /** Every text that this page holds, in all rooms. */
  get texts(): string[] {
    const composed = ROOMS.flatMap((roomId) => {
      const { draft, edit, setAside } = this.composers.of(roomId).getSnapshot();
      return [draft.text, ...(edit === null ? [] : [edit.text]), ...setAside.map(({ text }) => text)];
    });
    return [...composed, ...this.posts.map((post) => post.text)];
  }
}

export class World {
  readonly clock = new FakeClock();
  readonly storage: Storage;
  readonly written = new Map<string, Written>();
  readonly server = new Server(this.written);
  readonly stored = new Map<string, StoredPost>();
  readonly tabs: Tab[];
  storeFault: StoreFault = "none";
  hasStoreFailed = false;
  hasLatency = false;
  refusals: (Problem | typeof LOST)[] = [];
  #ids = 0;
  #texts = 0;
  #storageEvents: { key: string; oldValue: string | null; newValue: string | null }[] = [];
  readonly #locks = new Map<string, { tab: Tab; free: () => void; freed: Promise<void> }>();

  constructor(private readonly hasLocks: boolean) {
    this.storage = this.#observedStorage();
    vi.stubGlobal("localStorage", this.storage);
    this.tabs = [new Tab(this), new Tab(this)];
  }

  newId = (): string => `id-${(this.#ids += 1)}`;

  tab(index: number): Tab {
    const tab = this.tabs[index];
    if (tab === undefined) throw new Error("no such tab");
    return tab;
  }

  /** Run everything that needs no time to pass. */
  async settle(): Promise<void> {
    await settled();
    for (let event = this.#storageEvents.shift(); event !== undefined; event = this.#storageEvents.shift()) {
      for (const tab of this.tabs) {
        tab.session.onStorageEvent(event);
        tab.composers.onStorageEvent(event);
      }
      await settled();
    }
  }

  async advance(ms: number): Promise<void> {
    await this.clock.advance(ms);
    await this.settle();
  }

  /** Replace the text in the field with a unique one. */
  type(tab: Tab): void {
    const text = `text-${(this.#texts += 1)}`;
    const isNaming = this.tabs.some(
      (each) => each.composers.of(tab.roomId).getSnapshot().phase.name === "naming",
    );
    this.written.set(text, { roomId: tab.roomId, isRequested: isNaming, isErased: false, isExcused: false });
    this.#erase(tab);
    tab.composer.dispatch({ type: "typed", text });
  }

  clear(tab: Tab): void {
    this.#erase(tab);
    tab.composer.dispatch({ type: "typed", text: "" });
  }

  /** The text with which an edit begins may be lost: its message has it. */
  #erase(tab: Tab): void {
    const state = tab.composer.getSnapshot();
    const { edit } = state;
    if (edit === null || edit.text !== edit.before) this.mark(textOf(state), "isErased");
    if (edit?.kind === "post") this.mark(edit.before, "isExcused"); // its correction will replace it
  }

  submit(tab: Tab): void {
    const written = this.written.get(textOf(tab.composer.getSnapshot()));
    // A discarded text that is still in the field is wanted again, too.
    if (written !== undefined) Object.assign(written, { isRequested: true, isErased: false });
    tab.composer.submit();
  }

  leave(tab: Tab): void {
    const before = tab.composer.getSnapshot();
    tab.composer.dispatch({ type: "left" });
    const { draft, setAside } = tab.composer.getSnapshot();
    const { edit } = before;
    const isKept = edit === null || [draft, ...setAside].some(({ text }) => text === edit.text);
    if (!isKept && edit.text !== edit.before) this.mark(edit.text, "isErased");
  }

  cancelName(tab: Tab): void {
    if (!tab.session.getSnapshot().isAskingForName) return;
    for (const each of ROOMS.map((roomId) => tab.composers.of(roomId).getSnapshot()))
      if (each.phase.name === "naming") {
        const written = this.written.get(textOf(each));
        const isNamingElsewhere = this.tabs.some(
          (other) =>
            other !== tab &&
            ROOMS.some((roomId) => {
              const state = other.composers.of(roomId).getSnapshot();
              return state.phase.name === "naming" && textOf(state) === textOf(each);
            }),
        );
        if (written !== undefined && !isNamingElsewhere) written.isRequested = false;
      }
    tab.session.cancel();
  }

  discard(tab: Tab, post: Post): void {
    this.mark(post.text, "isErased");
    tab.composers.of(post.roomId).discard(post.clientId);
    const { edit } = tab.composers.of(post.roomId).getSnapshot();
    if (edit?.id === post.clientId) this.mark(edit.text, "isExcused"); // leaving its correction discards that, too
  }

  /** Signing out clears the drafts and edits of all tabs. */
  excuseDrafts(): void {
    for (const each of this.tabs)
      for (const roomId of ROOMS) {
        const { draft, edit, setAside } = each.composers.of(roomId).getSnapshot();
        for (const text of [draft.text, edit?.text ?? "", ...setAside.map((left) => left.text)])
          this.mark(text, "isExcused");
      }
  }

  /** Close the page and open it again, with nothing but what was stored. */
  reload(index: number): void {
    const tab = this.tab(index);
    if (this.hasStoreFailed) for (const post of tab.posts) this.mark(post.text, "isExcused");
    tab.isAlive = false;
    for (const lock of this.#locks.values()) if (lock.tab === tab) lock.free();
    this.tabs[index] = new Tab(this);
  }

  setStoreFault(fault: StoreFault): void {
    this.storeFault = fault;
    if (fault !== "none") this.hasStoreFailed = true;
  }

  clearStore(): void {
    this.stored.clear();
    this.hasStoreFailed = true;
  }

  mark(text: string, what: "isRequested" | "isErased" | "isExcused"): void {
    const written = this.written.get(text);
    if (written !== undefined) written[what] = true;
  }

  /** Let everything work again, and time pass. Join, if the nickname prompt is open. */
  async heal(): Promise<void> {
    this.refusals = [];
    this.hasLatency = false;
    this.storeFault = "none";
    await this.advance(60_000);
    if (this.server.user === null) await this.tab(0).session.join("Ann");
    await this.advance(900_000);
  }

  /** Texts that their writers still want and that are lost. */
  lost(): string[] {
    const kept = new Set([
      ...this.server.messages.flatMap(({ texts }) => texts),
      ...this.tabs.flatMap((tab) => tab.texts),
      ...[...this.stored.values()].map((post) => post.text),
    ]);
    const composed = [DRAFTS_KEY, EDITS_KEY].map((key) => this.storage.getItem(key) ?? "").join("");
    return [...this.written].flatMap(([text, { isErased, isExcused }]) =>
      isErased || isExcused || kept.has(text) || composed.includes(`\\"${text}\\"`) ? [] : [text],
    );
  }

  /** Texts from which the server created several messages of one author. A retry under another session has another author. */
  doubled(): string[] {
    const texts = this.server.messages.map(
      ({ texts: [first], message: { author } }) => `${first} of ${author.id}`,
    );
    return texts.filter((text, index) => texts.indexOf(text) !== index);
  }

  answer<T>(tab: Tab, work: () => T, { mayBeRefused = true } = {}): Promise<T> {
    if (!tab.isAlive) return new Promise(() => {});
    const refusal = mayBeRefused ? this.refusals.shift() : undefined;
    let settle: (resolve: (value: T) => void, reject: (error: unknown) => void) => void;
    try {
      if (refusal instanceof Problem) throw refusal;
      const value = work();
      settle = refusal === LOST ? (_, reject) => reject(unreachable()) : (resolve) => resolve(value);
    } catch (error) {
      settle = (_, reject) => reject(error);
    }
    return new Promise((resolve, reject) => {
      const deliver = () => tab.isAlive && settle(resolve, reject);
      if (this.hasLatency) this.clock.after(LATENCY_MS, deliver);
      else deliver();
    });
  }

  storeOf(tab: Tab): OutboxStore {
    const call = <T>(work: () => T): Promise<T> => {
      if (!tab.isAlive || this.storeFault === "hangs") return new Promise(() => {});
      if (this.storeFault === "rejects") return Promise.reject(new DOMException("lost", "InvalidStateError"));
      return Promise.resolve(work());
    };
    return {
      all: () => call(() => [...this.stored.values()]),
      put: (post) => call(() => void this.stored.set(post.clientId, post)),
      remove: (clientId) => call(() => void this.stored.delete(clientId)),
    };
  }

  async lock(tab: Tab, name: string, work: () => Promise<void>): Promise<void> {
    if (!this.hasLocks) return work();
    for (let held = this.#locks.get(name); held !== undefined; held = this.#locks.get(name)) await held.freed;
    if (!tab.isAlive) return new Promise(() => {});
    let resolve = () => {};
    const freed = new Promise<void>((done) => (resolve = done));
    const free = () => {
      this.#locks.delete(name);
      resolve();
    };
    this.#locks.set(name, { tab, free, freed });
    await work().finally(() => {
      if (this.#locks.get(name)?.tab === tab) free();
    });
  }

  announce(from: Tab, clientId: string): void {
    for (const tab of this.tabs)
      if (tab !== from)
        void Promise.resolve().then(() => {
          tab.outbox.doneElsewhere(clientId);
          tab.composers.postDoneElsewhere(clientId);
        });
  }

  /** Reports each change to all tabs, as the browser does to the others. */
  #observedStorage(): Storage {
    const storage = new MemoryStorage();
    const changed = (key: string, oldValue: string | null) => {
      const newValue = storage.getItem(key);
      if (newValue !== oldValue) this.#storageEvents.push({ key, oldValue, newValue });
    };
    const { setItem, removeItem } = storage;
    return Object.assign(storage, {
      setItem: (key: string, value: string) => {
        const oldValue = storage.getItem(key);
        setItem(key, value);
        changed(key, oldValue);
      },
      removeItem: (key: string) => {
        const oldValue = storage.getItem(key);
        removeItem(key);
        changed(key, oldValue);
      },
    });
  }
}
