"""`make crowd`: a crowd of streams, probes, authors and notify readers against a temporary stack, and its report."""
