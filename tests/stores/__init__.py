"""Tests of the store starters."""
