"""Counts of one step: operators, allocations, kernels, and graphs that Dynamo compiled."""
