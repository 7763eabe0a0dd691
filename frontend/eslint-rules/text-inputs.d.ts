export const textInputs: { selector: string; message: string }[];
