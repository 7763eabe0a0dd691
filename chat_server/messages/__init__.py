"""All writes of a room: their queue, their transaction, and the rules that apply_operations.py applies."""
