/** Whether a path is below `/embed`. Other sites may frame these pages, so they have no links to the rest of the app. */
export const isEmbedPath = (pathname: string): boolean => /^\/+embed(?:\/|$)/i.test(pathname);
