"""What this machine can do at most: its rates of arithmetic, of moving memory, and of launching kernels.

The measure of all lessons: a step takes at least max(flops ÷ the highest rate of arithmetic, bytes ÷ the highest
bandwidth, kernels × the least cost of a launch), and `bench show --floor` says how far above that each case stays.
Peaks are never taken from a data sheet. One that is too low would call honest times impossible, so each workload does
its one thing in the cheapest way that torch has for it.
"""
