/** Whether a path is below `/embed`, where pages of others may show it in a frame: nothing there leads out of it. */
export const isEmbedPath = (pathname: string): boolean => /^\/+embed(?:\/|$)/i.test(pathname);
