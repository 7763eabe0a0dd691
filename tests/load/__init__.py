"""Tests of the load tools: they count correctly, notice errors, and run, at sizes that take seconds."""
