"""Every number that the training of Speccy is free to choose, with the sentence that `--help` and the docs show."""

from __future__ import annotations

import argparse
from dataclasses import dataclass, field, fields
from typing import Any, Literal, get_args, get_type_hints

from segue.errors import ParameterError
from segue.train.spoil import AS_HEARD, SpoilSpec

LossName = Literal["cosine", "triplet", "distillation"]

MOST_SEED = 2**32 - 1
"""NumPy and Keras take no larger one."""


def _option(default: Any, doc: str) -> Any:
    return field(default=default, metadata={"doc": doc})


@dataclass(frozen=True, slots=True)
class LearnSpec:
    """How Speccy learns where tracks lie."""

    arch: str = _option("cnn1d", "network: see docs/training.md for how they compare")
    loss: Literal["cosine", "triplet", "distillation"] = _option(
        "cosine", "what it is told: cosine, triplet or distillation"
    )
    epochs: int = _option(60, "epochs at most")
    minutes: float = _option(0.0, "minutes of training at most; 0 means no limit")
    patience: int = _option(10, "epochs without a better validation cosine after which it stops")
    batch: int = _option(64, "slices learned from at once")
    slices_a_track: int = _option(8, "slices of each track in an epoch, drawn anew each time")
    epoch_batches: int = _option(200, "batches in an epoch at most; after each it measures and saves")
    rate: float = _option(1e-3, "highest learning rate; it rises in the first epoch, then falls along a cosine")
    weight_decay: float = _option(1e-3, "pull of the weights towards zero")
    margin: float = _option(0.5, "how much nearer its own target should be than one at a right angle (triplet)")
    similarity_weight: float = _option(1.0, "weight of the likeness between slices beside the cosine (distillation)")
    hold_out: float = _option(0.15, "share of the tracks to measure on, whole artists at a time")
    augment: bool = _option(True, "bend and spoil the slices it learns from")
    precision: Literal["float32", "mixed_float16", "mixed_bfloat16"] = _option(
        "float32", "mixed_float16 or mixed_bfloat16 where the device is faster at it"
    )
    seed: int = _option(1, "seed of all that is random")

    def __post_init__(self) -> None:
        """Refuse what cannot be meant."""
        at_least = {"epochs": 1, "patience": 1, "batch": 2, "slices_a_track": 1, "epoch_batches": 1, "seed": 0}
        for name, least in at_least.items():
            if getattr(self, name) < least:
                raise ParameterError(f"{name} is {getattr(self, name)}", remedy=f"Give {least} or more")
        if self.seed > MOST_SEED:
            raise ParameterError(f"seed is {self.seed}", remedy=f"Give {MOST_SEED} or less")
        for name in ("minutes", "weight_decay", "margin", "similarity_weight"):
            if not getattr(self, name) >= 0.0:
                raise ParameterError(f"{name} is {getattr(self, name)}", remedy="Give 0 or more")
        if not 0.0 < self.rate <= 1.0:
            raise ParameterError(f"rate is {self.rate}", remedy="Give more than 0, at most 1")
        if not 0.0 < self.hold_out < 1.0:
            raise ParameterError(f"hold_out is {self.hold_out}", remedy="Give more than 0 and less than 1")

    @property
    def spoil(self) -> SpoilSpec:
        """How slices are bent and spoiled."""
        return SpoilSpec() if self.augment else AS_HEARD


def add_options(parser: argparse._ActionsContainer, *, leave_out: frozenset[str] = frozenset()) -> None:
    """Give a parser an option for each number; what is not given is None, so that defaults stay in one place."""
    hints = get_type_hints(LearnSpec)
    for option in fields(LearnSpec):
        if option.name in leave_out:
            continue
        name, doc = f"--{option.name.replace('_', '-')}", f"{option.metadata['doc']} ({option.default})"
        kind = hints[option.name]
        if kind is bool:
            parser.add_argument(name, action=argparse.BooleanOptionalAction, default=None, help=doc)
        elif get_args(kind):
            parser.add_argument(name, choices=get_args(kind), default=None, help=doc)
        else:
            parser.add_argument(name, type=kind, default=None, help=doc)


def spec_of(args: argparse.Namespace) -> LearnSpec:
    """The numbers as given, the others by default."""
    given = {f.name: getattr(args, f.name, None) for f in fields(LearnSpec)}
    return LearnSpec(**{name: value for name, value in given.items() if value is not None})
