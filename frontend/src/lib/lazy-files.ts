/** The files of lazy parts. The build calls this in place of Vite's own preloading (vite-lazy-files.ts).
 *
 * Browsers remember a failed import, also of a file that the imported one needs, for as long as the page is open. They
 * do not remember a failed fetch. So every file is fetched first, and an import finds them all in the browser's cache. */
import { fetchWithDeadline } from "./api/deadline";

const FILE_TYPE = /^(?:text|application)\/(?:javascript|css)\b/;

const fetched = new Set<string>();
const failed = new Set<string>();

/** Import a part once all its files could be fetched. Rejects otherwise; a later call tries again. `files` are relative to
 * the page's root. */
export async function importLazily<Part>(
  importPart: () => Promise<Part>,
  files: readonly string[] = [],
): Promise<Part> {
  await Promise.all(files.map(fetchFile));
  return importPart();
}

async function fetchFile(file: string): Promise<void> {
  if (fetched.has(file)) return;
  const url = `/${file}`;
  try {
    const response = await fetchWithDeadline(url, { cache: failed.has(file) ? "reload" : "default" });
    const type = response.headers.get("Content-Type") ?? "";
    // Some hosts answer 200 with their start page for a file that is gone.
    if (!response.ok || !FILE_TYPE.test(type)) throw new Error(`${url}: ${response.status} ${type}`);
    await response.arrayBuffer(); // complete, so that it is in the cache
  } catch (error) {
    failed.add(file);
    throw error;
  }
  fetched.add(file);
}
