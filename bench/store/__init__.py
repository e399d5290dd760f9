"""Runs on disk: a journal while measuring, Parquet once sealed, and reading either."""
