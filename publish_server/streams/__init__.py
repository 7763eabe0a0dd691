"""The HTTP side of a stream: the request, its refusal, and the takeover of its connection."""
