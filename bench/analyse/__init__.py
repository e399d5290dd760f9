"""Turns tables into estimates, comparisons and findings. Pure: given the same tables it says the same."""
