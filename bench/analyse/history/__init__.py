"""Histories over commits: series from runs, their changes of level, and alerts."""
