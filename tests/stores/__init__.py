"""Tests of the embedded stores and of the database schema."""
