"""Profiles of one case, by the rung `torch.profiler`: never of a step that is being timed for a table."""
