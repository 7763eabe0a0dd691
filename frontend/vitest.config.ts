import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

export default defineConfig({
  resolve: { alias: { "@": fileURLToPath(new URL("./src", import.meta.url)) } },
  test: {
    include: ["tests/**/*.test.ts"],
    environment: "node",
    setupFiles: ["tests/support/no-listener-leaks.ts"],
    // The tests run at a low priority beside others, so that only a test that hangs may time out.
    testTimeout: 120_000,
  },
});
