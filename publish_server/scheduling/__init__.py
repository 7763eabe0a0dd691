"""Long work in short steps, and work that repeats."""
