import { VisibilityChoice } from "./VisibilityChoice";
import { useVisibility } from "./use-visibility";

/** Who finds and enters the room, for its owner. */
export const Visibility = () => <VisibilityChoice {...useVisibility()} />;
