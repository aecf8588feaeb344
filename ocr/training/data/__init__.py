"""Transcribed lines as the user keeps them -> samples, and a problem for every other line."""
