"""Profiles: a worker whose case is sampled and taken apart, alone or in pairs of two sides."""
