"""What `train_speccy.py` may be told, and which training that means; it returns lines, and prints nothing."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from segue.embed.encoder import load_ear
from segue.errors import ParameterError
from segue.listen.sounding import SPEECH_MODEL
from segue.train.options import LearnSpec, add_options, spec_of

OnProgress = Callable[[str, int, int], None]
"""Told what is being done, how much of it is done, and of how much."""

BUNDLED = Path(__file__).parent.parent / "embed" / "models"
_FITS = ("room", "speech")
_NUMBERS = tuple(f.name for f in fields(LearnSpec) if f.name not in ("arch", "precision"))
_EPILOG = """
The bundled ear:        --recipe bundled --music DIR --teacher DIR
From your own music:    --playlists DIR --music DIR [--arch cnn1d] [--loss cosine]
With vectors you have:  --vectors DIR_OR_NPZ --music DIR
A head on an ear:       --arch head --ear speccy --playlists DIR --data Pickles
Fine-tuning:            --from bundled --playlists DIR --data Pickles
Which network:          --compare --arch cnn1d,resnet_se --playlists DIR --music DIR
For segue live:         --recipe room --music DIR [--ear speccy]; --recipe speech --music DIR
"""


def make_parser(description: str) -> argparse.ArgumentParser:
    """All options; `run` says which go together."""
    parser = argparse.ArgumentParser(
        description=description, epilog=_EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--music", type=Path, action="append", metavar="DIR", help="folder of music; for the recipe, one of packages"
    )
    parser.add_argument("--work", type=Path, default=Path(".training"), help="caches and checkpoints (%(default)s)")
    parser.add_argument("--out", type=Path, help="folder for the ear (the recipe: where Segue looks; else models/)")
    parser.add_argument("--arch", help="network (recipe: heir; else cnn1d), or head; several, with commas, to compare")
    _add_recipe(parser.add_argument_group("the bundled ear"))
    _add_own(parser.add_argument_group("from your own playlists"))
    add_options(parser.add_argument_group("how it learns"), leave_out=frozenset({"arch", "precision"}))
    return parser


def _add_recipe(group: argparse._ArgumentGroup) -> None:
    group.add_argument(
        "--recipe",
        choices=["bundled", *_FITS],
        help="make the ear that comes with Segue, or what `segue live` undoes rooms by, or tells speech by",
    )
    group.add_argument("--teacher", type=Path, help="folder MSD_musicnn of the PyPI package musicnn")
    group.add_argument("--hours", type=float, default=1.3, help="time for training (%(default)s)")
    group.add_argument("--held-out", action="append", metavar="PACKAGE", help="package never learned from; repeatable")
    group.add_argument(
        "--precision",
        choices=["float32", "bfloat16", "mixed_float16", "mixed_bfloat16"],
        default="float32",
        help="recipe: bfloat16 is quicker on new processors; else mixed_float16 or mixed_bfloat16 on a GPU (float32)",
    )


def _add_own(group: argparse._ArgumentGroup) -> None:
    group.add_argument("--playlists", type=Path, action="append", metavar="PATH", help="file or folder; repeatable")
    group.add_argument("--vectors", type=Path, help="folder by train_track2vec.py, or an .npz of ids and vectors")
    group.add_argument("--data", type=Path, help="the library whose music it is, in place of --music")
    group.add_argument("--name", default="mine", help="name of the new ear (%(default)s)")
    group.add_argument("--ear", default="speccy", help="with --arch head: the ear it is put on (%(default)s)")
    group.add_argument("--from", dest="start", metavar="EAR", help="fine-tune this ear; bundled is the one with Segue")
    group.add_argument("--windows", type=int, help="slices of a track to learn from (16; with --from 8)")
    group.add_argument(
        "--compare", action="store_true", default=None, help="train several architectures alike and print a table"
    )


def is_recipe(args: argparse.Namespace) -> bool:
    """Whether the bundled ear is meant: when it is named, or nothing else is."""
    named = (args.playlists, args.vectors, args.data, args.start, args.compare, args.arch == "head")
    return args.recipe == "bundled" or not any(named)


def missing(args: argparse.Namespace) -> str:
    """What else has to be given, in words; "" where nothing is."""
    if args.recipe in _FITS:
        return _missing_for_a_fit(args)
    if is_recipe(args):
        lacks = [name for name in ("music", "teacher") if not getattr(args, name)]
        if lacks:
            return f"the following arguments are required: {', '.join(f'--{name}' for name in lacks)}"
        if strange := _named(args, ["playlists", "vectors", "data", "start", "compare", "windows", *_NUMBERS]):
            return f"{strange} means nothing to the recipe"
        return "the recipe takes one folder of packages" if len(args.music) > 1 else ""
    is_head = args.arch == "head"
    strange = _named(args, ["teacher", "held_out"])
    wrong = {
        "give --playlists, or --vectors made from some": not (args.playlists or args.vectors),
        "give --playlists or --vectors, not both": args.playlists and args.vectors,
        "give --music, or --data with a library": not (args.music or args.data),
        "give --music or --data, not both": args.music and args.data,
        f"{strange} means something to the recipe alone": strange,
        "--windows takes 1 or more": args.windows is not None and args.windows < 1,
        "a head and a fine-tuning learn from --playlists": args.vectors and (args.start or is_head),
        "--compare is for networks from nothing": args.compare and (args.start or is_head),
        "an ear that is fine-tuned keeps its network: leave --arch out": args.start and args.arch,
    }
    return next((text for text, is_so in wrong.items() if is_so), "")


def _missing_for_a_fit(args: argparse.Namespace) -> str:
    numbers = [name for name in _NUMBERS if name != "seed"]
    foreign = ["teacher", "playlists", "vectors", "data", "start", "compare", "windows", "arch", *numbers]
    if strange := _named(args, foreign):
        return f"{strange} means nothing to the recipe {args.recipe}"
    if not args.music:
        return "the following arguments are required: --music"
    return "the recipe takes one folder of packages" if len(args.music) > 1 else ""


def _named(args: argparse.Namespace, names: Sequence[str]) -> str:
    """Those of the options that are given, as they are written."""
    given = ("from" if name == "start" else name for name in names if getattr(args, name) is not None)
    return ", ".join(f"--{name.replace('_', '-')}" for name in given)


def run(args: argparse.Namespace, *, on_progress: OnProgress) -> list[str]:
    """Do the training that the options mean, and return what there is to say.

    Raises
    ------
    SegueError
        Whatever stands in the way.
    """
    if args.recipe in _FITS:
        return _run_fit(args, on_progress)
    if is_recipe(args):
        return _run_recipe(args)
    numbers = spec_of(args)  # refuses what cannot be meant, whichever training it is for
    from segue.train.own import OwnSpec  # Keras takes seconds to import, and --help needs none of it

    own = OwnSpec(
        playlists=tuple(args.playlists or ()),
        name=args.name,
        work=args.work,
        ear=_ear(args.start or args.ear),
        data=args.data,
        music=tuple(args.music or ()),
        out=args.out,
        seed=numbers.seed,
    )
    if args.start:
        from segue.train.finetune import TuneSpec
        from segue.train.personal import WINDOWS, PersonalSpec, run_personal

        tune = TuneSpec(**_given(args, TuneSpec, {"slices_a_track": "slices_an_epoch"}))
        made = run_personal(PersonalSpec(own, tune, args.windows or WINDOWS), on_progress=on_progress)
    elif args.arch == "head":
        from segue.train.head import HeadSpec
        from segue.train.personal import run_head

        made = run_head(own, head=HeadSpec(**_given(args, HeadSpec, {})), on_progress=on_progress)
    else:
        return _run_supervised(args, own, on_progress)
    if not made.card:
        return list(made.lines)
    return [*made.lines, f"written: {made.card}", f"to go by it: {_words_to_choose(made.card, args.data)}"]


def _words_to_choose(card: Path, data: Path | None) -> str:
    """What to type next, so that a library goes by the new ear."""
    select = f"segue models select {card.stem} --data {data or 'DIR'}"
    if data is not None and card.parent == data / "models":
        return select
    return f"segue models add {card} --data {data or 'DIR'}; {select}"


def _given(args: argparse.Namespace, spec: type, renamed: Mapping[str, str]) -> dict[str, Any]:
    """The numbers on the command line, by the spec's own names; one that it lacks would be passed over in silence."""
    given = {renamed.get(name, name): value for name in _NUMBERS if (value := getattr(args, name)) is not None}
    if strange := given.keys() - {f.name for f in fields(spec)}:
        names = ", ".join(f"--{name.replace('_', '-')}" for name in sorted(strange))
        raise ParameterError(f"{names} means nothing in this training", remedy="Leave it out")
    return given


def _run_recipe(args: argparse.Namespace) -> list[str]:
    from segue.train.recipe import HELD_OUT, Recipe, run_recipe

    scores = run_recipe(
        Recipe(
            music=args.music[0],
            work=args.work,
            teacher=args.teacher,
            out=args.out or BUNDLED,
            hours=args.hours,
            arch=args.arch or "heir",
            held_out=tuple(args.held_out or HELD_OUT),
            precision="bfloat16" if args.precision in ("bfloat16", "mixed_bfloat16") else "float32",
        )
    )
    return [f"{name:24} {value:g}" for name, value in scores.items()]


def _run_fit(args: argparse.Namespace, on_progress: OnProgress) -> list[str]:
    """What `segue live` needs besides an ear; no network is trained for it."""
    from segue.train.room_map import HELD_OUT, RoomRecipe, run_room_recipe
    from segue.train.speech import SpeechRecipe, run_speech_recipe

    seed, held_out = spec_of(args).seed, tuple(args.held_out or HELD_OUT)
    if args.recipe == "room":
        ear = load_ear(args.ear)
        return run_room_recipe(
            RoomRecipe(args.music[0], args.work, ear, args.out, held_out=held_out, seed=seed), on_progress=on_progress
        )
    out = SPEECH_MODEL if args.out is None else args.out / SPEECH_MODEL.name
    return run_speech_recipe(
        SpeechRecipe(args.music[0], args.work, out, held_out=held_out, seed=seed), on_progress=on_progress
    )


def _run_supervised(args: argparse.Namespace, own: object, on_progress: OnProgress) -> list[str]:
    from segue.train.compare import compare, table
    from segue.train.own import OwnSpec
    from segue.train.supervised import WINDOWS, SupervisedSpec, run_supervised

    assert isinstance(own, OwnSpec)
    archs = (args.arch or LearnSpec().arch).split(",")
    args.precision = {"bfloat16": "mixed_bfloat16"}.get(args.precision, args.precision)
    args.arch = archs[0]
    spec = SupervisedSpec(own, spec_of(args), args.vectors, args.windows or WINDOWS)
    if args.compare:
        return table(compare(spec, archs, on_progress=on_progress)).splitlines()
    if len(archs) > 1:
        raise ParameterError("several architectures are named", remedy="Name one, or add --compare")
    made = run_supervised(spec, on_progress=on_progress)
    return [*made.lines, *([f"written: {made.card}"] if made.card else [])]


def _ear(name: str) -> str:
    return "speccy" if name == "bundled" else name
