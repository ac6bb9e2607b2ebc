"""What training needs beyond what running does."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from segue.errors import ParameterError


@contextmanager
def packages_named() -> Iterator[None]:
    """Where a package is missing: ParameterError, which says which and how to get it."""
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] == "segue":
            raise
        remedy = "Install what training needs: make install-dev, or pip install -r requirements-train.txt"
        raise ParameterError(f"the package {error.name} is not installed", remedy=remedy) from error
