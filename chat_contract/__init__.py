"""What crosses a process boundary: events, topics, Redis keys, problems, internal calls. Imports nothing of ours."""
