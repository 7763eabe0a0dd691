"""Real stores for tests, and the tests of their starters."""
