"""Columns -> log-probabilities of every character at every frame."""
