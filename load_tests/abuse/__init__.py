"""`make abuse`: attacks on a running stack, and what a bystander notices of them."""
