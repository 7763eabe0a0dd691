export const renderOrCoordinate: { selector: string; message: string }[];
export const RENDER_OR_COORDINATE: string[];
