"""`python -m segue.cli COMMAND ...` is the same as `segue COMMAND ...`."""

import sys

from segue.cli.start import main

if __name__ == "__main__":
    sys.exit(main())
