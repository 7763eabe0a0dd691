"""`make abuse`: attacks on a running stack, and whether a bystander notices them."""
