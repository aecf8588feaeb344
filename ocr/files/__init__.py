"""What the user names -> files, and files written whole or not at all."""
