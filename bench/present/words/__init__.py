"""Words: numbers with their units, names of machines, findings as notes, one workload explained."""
