/** Fails a test run in which some target has too many listeners: they were not removed, or many objects share one target. */
function failOnLeak(warning: Error): void {
  if (warning.name === "MaxListenersExceededWarning") throw warning;
}

// All test files run in one process.
if (!process.listeners("warning").some(({ name }) => name === failOnLeak.name))
  process.on("warning", failOnLeak);
