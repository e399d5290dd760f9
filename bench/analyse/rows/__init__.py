"""The rows of a run: one case on one clock with its estimates, floor, speed-ups and findings."""
