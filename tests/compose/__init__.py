"""`make compose-test`: the containers built, used through the edge, broken one after the other, and taken away."""
