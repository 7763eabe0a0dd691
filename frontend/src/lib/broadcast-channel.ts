/** A channel to the browser's other tabs; null where the browser has none or forbids it, for example because it blocks
 * cookies here. */
export function openChannel(name: string): BroadcastChannel | null {
  try {
    return new BroadcastChannel(name);
  } catch {
    return null;
  }
}
