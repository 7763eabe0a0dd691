import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    setupFiles: ["tests/support/no-listener-leaks.ts", "tests/support/same-examples.ts"],
    // One module registry for all files halves the CPU time. Threads would ignore the time zones that tests set.
    pool: "forks",
    isolate: false,
    // Other programs may keep the machine busy: only a test that hangs may time out.
    testTimeout: 600_000,
  },
});
