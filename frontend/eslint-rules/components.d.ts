export const renderOrCoordinate: { selector: string; message: string }[];
export const stableContextValue: { selector: string; message: string }[];
