"""Texts: numbers with their units, names of machines, findings as notes, the explanation of a workload."""
