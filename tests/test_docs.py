"""The docs say what the code does."""

from __future__ import annotations

import re
from dataclasses import MISSING, fields
from pathlib import Path

import pytest

from segue.cli.main import COMMANDS
from segue.config import TABLES
from tests.conftest import ROOT


def table() -> str:
    """The numbers of config.py as docs/configuration.md shows them."""
    lines = []
    for spec in TABLES:
        lines += [
            f"## {spec.__name__}",
            "",
            (spec.__doc__ or "").strip(),
            "",
            "| name | default | meaning |",
            "|---|---|---|",
        ]
        for field in fields(spec):
            assert field.default is not MISSING
            lines.append(f"| `{field.name}` | {field.default} | {field.metadata['doc']} |")
        lines.append("")
    return "\n".join(lines)


def test_configuration_is_documented() -> None:
    """To bring the page up to date: python -m tests.test_docs."""
    page = (ROOT / "docs/configuration.md").read_text(encoding="utf-8")
    assert table() in page


@pytest.mark.parametrize(
    "page", ["README.md", "CONTRIBUTING.md", *(f"docs/{p.name}" for p in (ROOT / "docs").glob("*.md"))]
)
def test_links_lead_somewhere(page: str) -> None:
    path = ROOT / page
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", path.read_text(encoding="utf-8"))
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_each_word_is_explained_once_and_in_order() -> None:
    page = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    words = [word.casefold() for word in re.findall(r"^\| (.+?) \|", page, re.MULTILINE)][1:]
    assert words == sorted(set(words))


def test_the_readme_names_commands_that_exist() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"^segue (\w+)", readme, re.MULTILINE))
    assert commands == set(COMMANDS) - {"serve"}  # `make run` serves
    targets = set(re.findall(r"make (\w+)", readme))
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert {t for t in targets if not re.search(rf"^{t}:", makefile, re.MULTILINE)} == set()


if __name__ == "__main__":
    head = "# Configuration\n\nEvery number of Segue, from `segue/config.py`.\n\n"
    Path(ROOT / "docs/configuration.md").write_text(head + table(), encoding="utf-8")
