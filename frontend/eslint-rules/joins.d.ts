export const joinsOnce: { selector: string; message: string }[];
