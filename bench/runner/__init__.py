"""Runs a plan: starts workers, orders and shuffles, keeps budgets, resumes. Knows no torch; it is handed a Stop."""
