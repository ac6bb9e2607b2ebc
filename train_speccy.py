"""Train Speccy: the ear that comes with Segue, one from your own playlists, or one that goes on from either."""

import logging
import os
import sys
from collections.abc import Sequence

from tqdm import tqdm

from segue.errors import SegueError
from segue.train.command import make_parser, missing, run
from segue.train.packages import packages_named


def main(argv: Sequence[str] | None = None) -> int:
    """Do the training and print its scores; 0 well, 1 it failed, 2 it was called wrongly, 130 it was stopped."""
    parser = make_parser(__doc__ or "")
    args = parser.parse_args(argv)
    if lacks := missing(args):
        parser.error(lacks)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    for teller in ("gensim", "tf2onnx", "segue.train.track2vec"):  # they tell of every pass and every step
        logging.getLogger(teller).setLevel(logging.WARNING)
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with packages_named(), Bar() as bar:
            lines = run(args, on_progress=bar)
    except SegueError as error:
        print(f"train_speccy: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("train_speccy: stopped; the same command goes on from here", file=sys.stderr)
        return 130
    print("\n".join(lines))
    return 0


class Bar:
    """One progress bar after another on the terminal, a new one for each thing that is being done."""

    def __init__(self) -> None:
        self._bar: tqdm | None = None

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, what: str, done: int, total: int) -> None:
        """Show how far it is; a sentence with figures in it stands beside the bar, not for a new one."""
        if self._bar is None or self._bar.total != (total or None):
            self.__exit__()
            self._bar = tqdm(total=total or None, file=sys.stderr, disable=None)
        self._bar.set_description(what, refresh=False)
        self._bar.update(done - self._bar.n)


if __name__ == "__main__":
    sys.exit(main())
