"""The worker, the only room with torch: clocks, blocks, modes, checks, memory, and facts about the machine.

It runs in the interpreter of either side as `python -P -m bench.measure`, so it needs only the standard library, torch
and numpy. All other rooms reach it as a process.
"""
