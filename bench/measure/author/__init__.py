"""Workloads and their authors: import, context, contract, and the check of an answer."""
