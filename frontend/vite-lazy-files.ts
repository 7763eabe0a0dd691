import type { Plugin } from "vite";

const VITE_PRELOAD = /^\0vite\/preload-helper\.js$/;
const OWN_PRELOAD = "/src/lib/lazy-files.ts";

/** All files of a lazy part, the part's own included. For `build.modulePreload.resolveDependencies`. */
export const allFiles = (file: string, others: string[]): string[] => [...new Set([file, ...others])];

/** Loads lazy parts by `importLazily` of lib/lazy-files.ts. Vite's own preloading leaves a part broken once a file failed. */
export function lazyFiles(): Plugin {
  let isReplaced = false;
  return {
    name: "lazy-files",
    apply: "build",
    enforce: "post",
    transform: {
      filter: { id: VITE_PRELOAD },
      handler() {
        isReplaced = true;
        return { code: `export { importLazily as __vitePreload } from "${OWN_PRELOAD}";`, map: null };
      },
    },
    buildEnd(error) {
      if (error === undefined && !isReplaced && this.environment.name === "client")
        this.error("Vite's preloading has another name now: change VITE_PRELOAD in vite-lazy-files.ts");
    },
  };
}
