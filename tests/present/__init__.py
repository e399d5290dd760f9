"""Tests of what people read: units, tables, charts, the report."""
