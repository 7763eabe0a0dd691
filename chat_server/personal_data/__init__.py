"""What one person may do with everything that is stored about them: read it as a file, or have it erased."""
