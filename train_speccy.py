"""Train Speccy, the ear that comes with Segue: `python train_speccy.py --recipe bundled --music DIR --teacher DIR`."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from segue.errors import SegueError

BUNDLED = Path(__file__).parent / "segue" / "embed" / "models"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the recipe and print its scores; 0 well, 1 it failed, 2 it was called wrongly."""
    args = _parser().parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    from segue.train.recipe import HELD_OUT, Recipe, run_recipe  # TensorFlow takes seconds to import

    recipe = Recipe(
        music=args.music,
        work=args.work,
        teacher=args.teacher,
        out=args.out,
        hours=args.hours,
        arch=args.arch,
        held_out=tuple(args.held_out or HELD_OUT),
        precision=args.precision,
    )
    try:
        scores = run_recipe(recipe)
    except SegueError as error:
        print(f"train_speccy: {error}", file=sys.stderr)
        return 1
    for name, value in scores.items():
        print(f"{name:24} {value:g}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recipe", choices=["bundled"], default="bundled", help="which training (%(default)s)")
    parser.add_argument("--music", type=Path, required=True, help="folder with one folder of music a package")
    parser.add_argument("--teacher", type=Path, required=True, help="folder MSD_musicnn of the PyPI package musicnn")
    parser.add_argument("--work", type=Path, default=Path(".training"), help="caches and checkpoints (%(default)s)")
    parser.add_argument("--out", type=Path, default=BUNDLED, help="where the ear is written (%(default)s)")
    parser.add_argument("--hours", type=float, default=0.6, help="time for training (%(default)s)")
    parser.add_argument("--arch", default="heir", help="network: heir, timbral or cnn1d (%(default)s)")
    parser.add_argument("--held-out", action="append", metavar="PACKAGE", help="package never learned from; repeatable")
    parser.add_argument(
        "--precision", choices=["float32", "bfloat16"], default="float32", help="bfloat16 is quicker on new processors"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
