// Prints one JSON line per event that the npm package `eventsource` dispatches: node eventsource_client.mjs URL
import { createRequire } from "node:module";

const require = createRequire(new URL("../../frontend/package.json", import.meta.url));
const { EventSource } = require("eventsource");

const source = new EventSource(process.argv[2]);
for (const type of ["stream.opened", "message.created", "stream.closing"]) {
  source.addEventListener(type, (event) => {
    console.log(JSON.stringify({ type, id: event.lastEventId, data: JSON.parse(event.data) }));
  });
}
