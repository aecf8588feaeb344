"""Texts and fonts -> rendered lines with their labels, as many as a training wants."""
