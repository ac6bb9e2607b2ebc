"""Learn which tracks go together from playlists: `python train_track2vec.py PLAYLISTS... --out DIR`.

`match` says which tracks of the playlists are among your files; `fetch` gets playlists from Spotify or ListenBrainz.
"""

import logging
import sys
from collections.abc import Sequence

from tqdm import tqdm

from segue.errors import SegueError
from segue.train.packages import packages_named


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and print its answer; 0 well, 1 it failed, 2 it was called wrongly."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    try:
        with packages_named():
            from segue.train.track2vec_words import parse  # gensim takes seconds to import, time enough for Ctrl-C

            args = parse(sys.argv[1:] if argv is None else argv)
            with tqdm(disable=None, dynamic_ncols=True, leave=False, unit_scale=True) as bar:
                answer = args.run(args, lambda what, done, of: _show(bar, what, done, of))
    except SegueError as error:
        print(f"train_track2vec: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("train_track2vec: stopped; run the same command again and it goes on", file=sys.stderr)
        return 130
    print(answer)
    return 0


def _show(bar: "tqdm[None]", what: str, done: int, of: int | None) -> None:
    """Draw how far it is; a bar that nobody would see has no parts."""
    if bar.disable:
        return
    if not bar.desc.startswith(what):
        bar.set_description(what, refresh=False)
        bar.reset()
        bar.total = of
    bar.update(done - bar.n)


if __name__ == "__main__":
    sys.exit(main())
