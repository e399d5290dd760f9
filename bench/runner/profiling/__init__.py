"""Profiles: a worker whose case is sampled and profiled, alone or in pairs of two sides."""
