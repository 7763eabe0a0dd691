/** Fails a test run in which some target has too many listeners: they were not removed, or many objects share one target. */
process.on("warning", (warning) => {
  if (warning.name === "MaxListenersExceededWarning") throw warning;
});
