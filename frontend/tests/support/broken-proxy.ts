/** A proxy that answers in place of the server, with any bytes. */
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";

export interface BrokenProxy {
  readonly url: string;
  /** The request lines so far, such as `GET /login`. */
  readonly requests: string[];
  readonly stop: () => Promise<void>;
}

/** `answer` gets the request line and returns the whole response. */
export async function startBrokenProxy(answer: (request: string) => string): Promise<BrokenProxy> {
  const requests: string[] = [];
  const server = createServer((socket) => {
    socket.once("data", (data) => {
      const request = data.toString("latin1").split(" HTTP/", 1)[0] ?? "";
      requests.push(request);
      socket.end(answer(request), "latin1");
    });
    socket.on("error", () => undefined);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    stop: async () => {
      server.close();
      await once(server, "close");
    },
  };
}

/** A response with its length, and no other header than those given. */
export const response = (status: string, body = "", headers: readonly string[] = []): string =>
  [`HTTP/1.1 ${status}`, ...headers, `Content-Length: ${body.length}`, "Connection: close", "", body].join(
    "\r\n",
  );
