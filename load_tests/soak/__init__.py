"""`make soak`: steady load for half an hour; memory, descriptors and tasks must stay flat."""
