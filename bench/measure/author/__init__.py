"""The author's side: importing a workload, its context, its contract, the check of its answer."""
