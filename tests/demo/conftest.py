"""A small demo library that several tests read: three styles, made once."""

from __future__ import annotations

from pathlib import Path

import pytest

from segue.demo.catalogue import plans
from segue.demo.song import Plan
from segue.demo.track import make

SEED = 2026


def plan_of(style: str, place: int = 0) -> Plan:
    return [plan for plan in plans(SEED) if plan.style == style][place]


@pytest.fixture(scope="session")
def one_of_each_kind(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """One chiptune (the quickest style) of each kind of file."""
    folder = tmp_path_factory.mktemp("kinds")
    by_kind = {plan.extension: plan for plan in plans(SEED) if plan.style == "chiptune"}
    for plan in by_kind.values():
        make(plan, folder)
    return {kind: folder / plan.file for kind, plan in by_kind.items()}
