"""Launches: fresh processes that measure their share of the cases, until precision or budget ends it."""
