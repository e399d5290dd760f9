"""Lockstep pairs: a process of each side, alive together, that take turns block by block."""
