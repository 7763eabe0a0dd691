import { beforeEach, expect, it } from "vitest";
import { AppVersion, CHECK_EVERY_MS } from "@/lib/app-version";
import { FakeClock } from "./support/fake-clock";

const page = (script: string) => `<div id="root"></div><script src="${script}"></script>`;

let clock: FakeClock;
let served: () => Promise<string>;
let fetches: number;
let version: AppVersion;

beforeEach(() => {
  clock = new FakeClock();
  served = () => Promise.resolve(page("/assets/first-1.js"));
  fetches = 0;
  version = new AppVersion({
    fetchPage: () => {
      fetches += 1;
      return served();
    },
    scripts: ["/assets/first-1.js"],
    clock,
  });
});

it("is outdated once the server's page has other scripts", async () => {
  let changes = 0;
  version.subscribe(() => (changes += 1));
  version.check();
  await clock.advance(CHECK_EVERY_MS);
  expect(version.isOutdated()).toBe(false);
  served = () => Promise.resolve(page("/assets/first-2.js"));
  version.check();
  await clock.advance(0);
  expect([version.isOutdated(), changes]).toEqual([true, 1]);
});

it.each([
  ["a proxy's login form", () => Promise.resolve("<form></form>")],
  ["no response", () => Promise.reject(new Error("offline"))],
])("is not outdated because of %s, and checks again later", async (_, answer) => {
  served = answer;
  version.check();
  await clock.advance(CHECK_EVERY_MS);
  expect(version.isOutdated()).toBe(false);
  version.check();
  await clock.advance(0);
  expect(fetches).toBe(2);
});

it("asks once in ten seconds, however often something fails", async () => {
  for (let check = 0; check < 100; check += 1) version.check();
  await clock.advance(0);
  for (let check = 0; check < 100; check += 1) version.check();
  expect(fetches).toBe(1);
  await clock.advance(CHECK_EVERY_MS);
  expect(fetches).toBe(2);
  await clock.advance(10 * CHECK_EVERY_MS);
  expect(fetches).toBe(2);
});
