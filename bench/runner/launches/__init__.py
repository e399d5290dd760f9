"""Launches: fresh processes that measure their share of the cases, until the results are precise or the budget is
spent.
"""
