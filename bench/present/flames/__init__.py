"""Flame graphs: stacks as a tree, as SVG, and as the files that other viewers read."""
