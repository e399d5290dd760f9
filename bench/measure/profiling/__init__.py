"""Profiling of one case in a worker; a step that is timed for a table is never profiled."""
