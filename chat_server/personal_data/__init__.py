"""Personal data: a person downloads it or has it erased."""
