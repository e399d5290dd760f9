"""Jobs: what a command does, without the command line. Words in, values out; a listener hears what happens meanwhile.

Nothing here writes to the terminal, reads `sys.argv` or ends the program: `bench.cli` does, `bench.run` and its like
are for scripts and notebooks, and `bench.pytest_plugin` shares the choice of cases.
"""
