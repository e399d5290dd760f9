"""Tests for whoever has a GPU that nobody here has: `pytest tests/accelerator` writes a page to send."""
