"""Where `segue` begins: all else is imported within reach of Ctrl-C, and not at all in the processes that it begins."""

import sys
from collections.abc import Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; see `segue.cli.main`."""
    try:
        from segue.cli.main import main as run

        return run(argv)
    except KeyboardInterrupt:
        print("segue: stopped; what was done so far is kept", file=sys.stderr)
        return 130
