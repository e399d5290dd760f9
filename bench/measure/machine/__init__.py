"""The machine: its facts, its noise, and the load of other programs."""
