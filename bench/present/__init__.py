"""Renders what was analysed: tables, charts, the report. Returns text and figures; writes nothing to the terminal."""
