"""Everything that processes share: events, topics, Redis keys, problems, internal calls. Imports none of our code."""
