export const userTextInJsx: { selector: string; message: string }[];
export const userTextImports: { group: string[]; message: string }[];
