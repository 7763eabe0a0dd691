import type { HubPort, ToTab } from "./hub-messages";

const HELLO_WITHIN_MS = 3_000;

/** The port of the shared worker with this number, once the worker has sent its first message. Null if the browser has no
 * shared workers or forbids them: in a cross-site frame, some browsers report an error and others report nothing. */
export function connectWorker(number: number): Promise<HubPort | null> {
  if (typeof SharedWorker === "undefined") return Promise.resolve(null);
  return new Promise((resolve) => {
    try {
      const worker = new SharedWorker(new URL("./stream-worker.ts", import.meta.url), {
        type: "module",
        name: `hotchat-streams-${number}`,
      });
      worker.onerror = () => resolve(null);
      worker.port.onmessage = ({ data }: MessageEvent<ToTab>) => {
        if (data.type === "hello") resolve(worker.port);
      };
      setTimeout(() => resolve(null), HELLO_WITHIN_MS);
    } catch {
      resolve(null);
    }
  });
}
