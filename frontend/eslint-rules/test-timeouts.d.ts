export const testTimeouts: { selector: string; message: string }[];
