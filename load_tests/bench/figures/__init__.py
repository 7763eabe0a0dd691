"""One module a figure; each has `run(scale)`."""
