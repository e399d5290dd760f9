"""The worker's room, the only one with torch: clocks, blocks, steady state, modes, checks, memory, facts.

It runs in the other side's interpreter as `python -P -m bench.measure`, so it needs the standard library, torch and
numpy alone. Everyone else reaches it as a process.
"""
