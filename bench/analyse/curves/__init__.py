"""Curves over a swept axis: crossover, throughput knee, serial share, launch floor, roofline."""
