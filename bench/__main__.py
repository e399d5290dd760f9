"""`python -m bench`, `bench`, `coursebench`: run a command, and turn whatever ends it into an exit code."""

from __future__ import annotations

import sys


def main() -> None:
    """Run the command line. See `bench.cli.exit_codes` for the exit codes."""
    from bench.cli import exit_codes
    from bench.records import UserError

    try:
        from bench.cli.app import app  # a library that is missing or broken is no regression either: that alone is 1

        app()
    except SystemExit as ended:
        sys.exit(_not_a_verdict(ended))
    except UserError as error:
        sys.stderr.write(f"error: {error}\n")
        sys.exit(exit_codes.USAGE)
    except Exception as error:  # whatever gets here is a mistake of ours
        sys.exit(_ours(error))


def _not_a_verdict(ended: SystemExit) -> str | int | None:
    """The exit code of the command line, where 1 is kept for what a command raised itself: a verdict.

    The library of the command line ends with 1 by itself where a pipe closed, or where a question was given up.
    """
    from bench.cli import exit_codes

    cause = ended.__context__
    if ended.code != exit_codes.REGRESSED or type(cause).__name__ == "Exit":
        return ended.code
    return exit_codes.OUR_FAULT if isinstance(cause, OSError) else exit_codes.INTERRUPTED


def _ours(error: Exception) -> int:
    import platform
    import traceback
    from importlib import metadata

    from bench.cli import exit_codes

    if type(error).__name__ == "MachineUnfitError":
        sys.stderr.write(f"error: {error}\n")
        return exit_codes.MACHINE_UNFIT
    traceback.print_exception(error)
    try:
        version = metadata.version("coursebench")
    except metadata.PackageNotFoundError:
        version = "(not installed)"
    sys.stderr.write(
        "\nThis is a mistake in coursebench or its installation, not in what you typed. Please report the lines above, "
        "the command you gave, and:\n"
        f"  coursebench {version}, Python {platform.python_version()}, {platform.platform()}\n"
    )
    return exit_codes.OUR_FAULT


if __name__ == "__main__":
    main()
