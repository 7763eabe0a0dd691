/** What the page knows of the device that shows it. */
export interface Device {
  /** Whether the reader has told the browser to save data. */
  savesData(): boolean;
  /** A small screen without a precise pointer. */
  isPhone(): boolean;
  subscribe(listener: () => void): () => void;
}

const PHONE = "(pointer: coarse) and (max-width: 760px), (pointer: coarse) and (max-height: 480px)"; // the second query matches landscape

export const browserDevice: Device = {
  savesData: () => connection()?.saveData === true,
  isPhone: () => matchMedia(PHONE).matches,
  subscribe: (listener) => {
    const phone = matchMedia(PHONE);
    const network = connection();
    phone.addEventListener("change", listener);
    network?.addEventListener?.("change", listener);
    return () => {
      phone.removeEventListener("change", listener);
      network?.removeEventListener?.("change", listener);
    };
  },
};

/** Some browsers lack it, or its events. */
const connection = () =>
  (navigator as { connection?: { readonly saveData?: boolean } & Partial<EventTarget> }).connection;
