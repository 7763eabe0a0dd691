import { createServer, type ViteDevServer } from "vite";
import { afterAll, beforeAll, expect, it } from "vitest";
import { emojiData } from "../vite-emoji-data";

let server: ViteDevServer;
let origin: string;

beforeAll(async () => {
  const options = { host: "127.0.0.1", port: 0, ws: false as const };
  server = await createServer({
    configFile: false,
    plugins: [emojiData()],
    server: options,
    optimizeDeps: { noDiscovery: true },
  });
  await server.listen();
  const { httpServer } = server;
  // A busy machine may use a connection again just when the server closes it.
  if (httpServer && "keepAliveTimeout" in httpServer) httpServer.keepAliveTimeout = 0;
  const address = httpServer?.address();
  origin = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
});
afterAll(() => server.close());

it.each(["en/data.json", "ko/messages.json", "ja/names.json"])(
  "the development server has the emoji data %s",
  async (path) => {
    const response = await fetch(`${origin}/emojibase/${path}`);
    expect(response.headers.get("Content-Type")).toBe("application/json");
    expect(await response.json()).toBeTruthy();
  },
);

it("the development server has no emoji data under a name that objects inherit", async () => {
  const response = await fetch(`${origin}/emojibase/en/constructor`);
  expect(response.headers.get("Content-Type")).not.toBe("application/json");
});
