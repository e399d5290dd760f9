"""Statistics without knowledge of files, torch or cases. Each function names its source."""
