"""Transcribed lines -> model. torch is imported only by the files that need it."""
