"""A package, so that a test file here may be named as one elsewhere."""
