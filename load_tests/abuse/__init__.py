"""`make abuse`: attacks on a running stack, and their effect on a bystander."""
