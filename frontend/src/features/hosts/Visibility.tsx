import { VisibilityChoice } from "./VisibilityChoice";
import { useVisibility } from "./use-visibility";

/** Lets the owner choose who can find and enter the room. */
export const Visibility = () => <VisibilityChoice {...useVisibility()} />;
