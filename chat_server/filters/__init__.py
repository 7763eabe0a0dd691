"""What a room does not allow in messages of guests: words, links, repeats."""
