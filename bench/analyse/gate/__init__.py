"""What a gate's recorded pairs say: ratios, verdicts, and the metrics beside wall time."""
