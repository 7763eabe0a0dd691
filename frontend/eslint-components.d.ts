export const renderOrCoordinate: { selector: string; message: string }[];
export const RENDER_OR_COORDINATE: string[];
export const stableContextValue: { selector: string; message: string }[];
