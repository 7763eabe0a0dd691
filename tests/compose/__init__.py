"""`make compose-test`: builds the containers, uses them through the edge, breaks and removes them."""
