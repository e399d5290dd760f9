"""Turns tables into estimates, comparisons and findings. Pure: the same tables give the same results."""
