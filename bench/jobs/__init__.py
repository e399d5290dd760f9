"""Jobs: the work of each command, without the command line. A listener is called as things happen.

Nothing here writes to the terminal, reads `sys.argv` or ends the program: `bench.cli` does that. `bench.run` and the
other functions are for scripts and notebooks, and `bench.pytest_plugin` shares the choice of cases.
"""
