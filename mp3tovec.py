"""Listen to a folder of music: `python mp3tovec.py --scan DIR [--data Pickles]`."""

import argparse
import sys
from collections.abc import Sequence

from segue.cli.start import main as segue


def main(argv: Sequence[str] | None = None) -> int:
    """Scan folders into the library; the same as `segue scan`, under the name that the method had first."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--scan", nargs="+", required=True, metavar="DIR", help="folders of music")
    known, others = parser.parse_known_args(argv)
    return segue(["scan", *others, "--", *known.scan])


if __name__ == "__main__":
    sys.exit(main())
