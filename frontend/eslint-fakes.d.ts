export const uncheckedFakes: { selector: string; message: string }[];
