"""What to run: the catalog of workloads, presets, the selection of cases, and an estimate of how long they take."""
