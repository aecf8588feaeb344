"""A folder -> outputs: planned before any work, done once, and gone on with after any stop."""
