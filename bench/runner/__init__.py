"""Running a plan: starting workers, order, budgets, resuming. No torch here; a `Stop` ends it early."""
