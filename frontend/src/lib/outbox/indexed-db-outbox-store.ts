import { openDB, type DBSchema, type IDBPDatabase } from "idb";
import type { OutboxStore, StoredPost } from "./outbox-store";
import { readStoredPost } from "./stored-post";

interface Schema extends DBSchema {
  posts: { key: string; value: StoredPost };
}

/** Posts in IndexedDB. The database may be deleted while the app is open; the next call then opens a new one. */
export function indexedDbOutboxStore(name = "hotchat"): OutboxStore {
  let opening: Promise<IDBPDatabase<Schema>> | null = null;
  const forget = () => (opening = null);
  const open = () => {
    opening ??= openDB<Schema>(name, 1, {
      upgrade: (db) => void db.createObjectStore("posts", { keyPath: "clientId" }),
      blocking: (_version, _blocked, event) => {
        forget();
        (event.target as IDBDatabase).close();
      },
      terminated: forget,
    });
    return opening;
  };
  const call = async <T>(work: (database: IDBPDatabase<Schema>) => Promise<T>): Promise<T> => {
    const opened = open();
    try {
      return await work(await opened);
    } catch {
      if (opening === opened) forget();
      opened.then((database) => database.close()).catch(() => undefined);
      return work(await open());
    }
  };
  return {
    all: () =>
      call(async (database) =>
        (await database.getAll("posts")).flatMap((value) => readStoredPost(value) ?? []),
      ),
    put: (post) => call(async (database) => void (await database.put("posts", post))),
    remove: (clientId) => call((database) => database.delete("posts", clientId)),
  };
}
