"""Renders the results: tables, charts, the report. Returns text and figures and writes nothing to the terminal."""
