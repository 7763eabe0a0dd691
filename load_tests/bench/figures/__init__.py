"""One module per figure; each has `run(stores, scale)`."""
