"""Open the booth: `python app.py [--music DIR] [--demo [SECONDS]] [--data Pickles] [--port 8050]`."""

import sys
from collections.abc import Sequence

from segue.cli.start import main as segue


def main(argv: Sequence[str] | None = None) -> int:
    """Serve the booth; the same as `segue serve`."""
    return segue(["serve", *(sys.argv[1:] if argv is None else argv)])


if __name__ == "__main__":
    sys.exit(main())
