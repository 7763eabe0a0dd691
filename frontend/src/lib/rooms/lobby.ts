/** The id of the room that every server has. */
export const LOBBY = "lobby";
