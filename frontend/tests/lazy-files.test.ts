import { afterEach, beforeEach, expect, it, vi } from "vitest";

const JAVASCRIPT = { headers: { "Content-Type": "text/javascript" } };

// eslint-disable-next-line no-restricted-syntax -- a file of the build, which the contract does not describe
const file = (body: string, init: ResponseInit): Response => new Response(body, init);

let importLazily: typeof import("@/lib/lazy-files").importLazily;
let requests: { url: string; cache: RequestCache | undefined }[];
let answers: Map<string, () => Response | Promise<Response>>;
let imports: number;

const importPart = () => {
  imports += 1;
  return Promise.resolve("the part");
};

beforeEach(async () => {
  vi.resetModules(); // the module keeps what it has fetched
  ({ importLazily } = await import("@/lib/lazy-files"));
  requests = [];
  answers = new Map();
  imports = 0;
  vi.stubGlobal("fetch", (url: string, { cache }: RequestInit) => {
    requests.push({ url, cache });
    return Promise.resolve((answers.get(url) ?? (() => file("", JAVASCRIPT)))());
  });
});
afterEach(() => vi.unstubAllGlobals());

it("imports a part after all its files", async () => {
  expect(await importLazily(importPart, ["assets/a.js", "assets/b.js"])).toBe("the part");
  expect(requests.map(({ url }) => url)).toEqual(["/assets/a.js", "/assets/b.js"]);
  await importLazily(importPart, ["assets/a.js", "assets/c.js"]);
  expect(requests.map(({ url }) => url)).toEqual(["/assets/a.js", "/assets/b.js", "/assets/c.js"]);
});

it.each<[string, () => Response | Promise<Response>]>([
  ["a file that is gone", () => file("", { status: 404, ...JAVASCRIPT })],
  ["a start page instead of a file", () => file("<html>", { headers: { "Content-Type": "text/html" } })],
  ["no network", () => Promise.reject(new TypeError("Failed to fetch"))],
])("does not import a part with %s, and tries again past the cache", async (_, answer) => {
  answers.set("/assets/b.js", answer);
  await expect(importLazily(importPart, ["assets/a.js", "assets/b.js"])).rejects.toThrow();
  expect(imports).toBe(0);
  answers = new Map();
  expect(await importLazily(importPart, ["assets/a.js", "assets/b.js"])).toBe("the part");
  expect(requests.slice(2)).toEqual([{ url: "/assets/b.js", cache: "reload" }]);
});
