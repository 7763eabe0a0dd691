/** Call a listener. An error in one listener must not stop the others, nor what they listen to. */
export function callSafely<Event>(listener: (event: Event) => void, event: Event): void {
  try {
    listener(event);
  } catch (error) {
    console.error(error);
  }
}
