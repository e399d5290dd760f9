"""Lockstep pairs: a process of each side, alive together, that alternate block by block."""
