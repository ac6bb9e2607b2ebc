"""The first choice finds all that it needs in memory."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from segue.services import Services
from segue.warming import Warming
from tests.store_heard import add, heard


def test_the_library_is_read_in_before_anybody_chooses(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    services = Services(tmp_path)
    ear = services.ear
    for number in range(3):
        vectors = np.eye(ear.dimension, dtype=np.float32)[number : number + 3]
        add(
            services.library, replace(heard(number, ear=ear.fingerprint), slice_vectors=vectors), f"/music/{number}.mp3"
        )
    warming = Warming(services.choosing, after_s=0.0)
    warming.start()
    warming.wait()

    def is_read_again(*_: Any, **__: Any) -> None:
        raise AssertionError("the library was read again")

    monkeypatch.setattr(services.library, "vectors", is_read_again)
    assert len(services.choosing.catalogue().index) == 3
    services.close()


def test_an_empty_library_is_no_fault(tmp_path: Path) -> None:
    services = Services(tmp_path)
    warming = Warming(services.choosing, after_s=0.0)
    warming.start()
    warming.wait()
    services.close()


def test_it_can_be_called_off(tmp_path: Path) -> None:
    services = Services(tmp_path)
    warming = Warming(services.choosing)
    warming.start()
    warming.stop()
    warming.wait()
    services.close()
