"""Bring the languages up to date: collect what is marked in the sources, add it to each catalogue, compile those.

``make words`` does so, and ``make words NEW=fr`` begins another language. docs/languages.md has the whole of it.
"""

from __future__ import annotations

import io
import json
import re
import sys
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_file
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
CATALOGUES = ROOT / "segue" / "languages"
SCRIPTS = ROOT / "assets" / "words"
_IN_PYTHON = {"say": None, "say_n": (1, 2), "later": None}
_IN_SCRIPTS = {"segue.say": None, "segue.sayN": (1, 2)}
_ENGLISH = {"cli", "demo", "train"}  # rooms that speak to no browser, and have another "say"
_WIDTH = 120


def collected() -> Catalog:
    """All that is marked, with the files in which it stands: with their lines it would change with every line."""
    found = Catalog(charset="utf-8")
    modules = [path for path in (ROOT / "segue").rglob("*.py") if path.relative_to(ROOT).parts[1] not in _ENGLISH]
    kinds = (("python", modules, _IN_PYTHON), ("javascript", (ROOT / "assets" / "js").glob("*.js"), _IN_SCRIPTS))
    for kind, paths, marks in kinds:
        for path in sorted(paths):
            for _, text, comments, _ in extract_from_file(kind, path, marks, ["Translators:"], strip_comment_tags=True):
                found.add(text, locations=[(path.relative_to(ROOT).as_posix(), 0)], auto_comments=comments)
    return found


def codes() -> list[str]:
    return sorted(path.stem for path in CATALOGUES.glob("*.po"))


def read(code: str) -> Catalog:
    with (CATALOGUES / f"{code}.po").open("rb") as file:
        return read_po(file, locale=code)


def updated(catalogue: Catalog, found: Catalog) -> Catalog:
    """The catalogue with what is new and without what is gone; nothing is guessed from what looks alike."""
    found.creation_date = catalogue.creation_date
    catalogue.update(found, no_fuzzy_matching=True)
    catalogue.obsolete.clear()
    return catalogue


def as_po(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_po(file, catalogue, width=_WIDTH, sort_output=True, include_lineno=False)
    return file.getvalue()


def as_mo(catalogue: Catalog) -> bytes:
    file = io.BytesIO()
    write_mo(file, catalogue)
    return file.getvalue()


def as_script(catalogue: Catalog) -> str:
    """The sentences that scripts say, as a script that runs before them."""
    own = [message for message in catalogue if is_told(message) and any(".js" in path for path, _ in message.locations)]
    told = {forms_of(message.id)[0]: message.string for message in own}
    words = json.dumps(dict(sorted(told.items())), ensure_ascii=False, indent=0)
    form = f"(n) => Number({catalogue.plural_expr.replace('==', '===').replace('!=', '!==')})"
    note = "/* Made by `make words`: what the scripts say, in another language. */"
    return f"{note}\n(window.segue = window.segue || {{}}).words = {{ form: {form}, told: {words} }};\n"


def forms_of(text: str | tuple[str, ...] | list[str] | None) -> list[str]:
    """A text as its forms, of which most have one."""
    return [text] if isinstance(text, str) else list(text or [""])


def is_told(message: Message) -> bool:
    return all(forms_of(message.string))


def _begun(code: str) -> Catalog:
    return Catalog(code, project="Segue", version="1", header_comment="# Segue in another language.", fuzzy=False)


def main(new: str = "") -> int:
    if new and not re.fullmatch("[a-z]{2,3}", new):
        print(f"'{new}' is no language: name it by two or three small letters, such as fr")
        return 1
    found = collected()
    CATALOGUES.mkdir(exist_ok=True)
    for code in sorted({*codes(), *filter(None, [new])}):
        catalogue = updated(read(code) if code in codes() else _begun(code), found)
        (CATALOGUES / f"{code}.po").write_bytes(as_po(catalogue))
        missing = sum(not is_told(message) for message in catalogue if message.id)
        if not missing:  # what is compiled is offered; one that lacks a new text stays as it was
            (CATALOGUES / f"{code}.mo").write_bytes(as_mo(catalogue))
            (SCRIPTS / f"{code}.js").write_text(as_script(catalogue), encoding="utf-8")
        print(f"{code}: {len(catalogue)} texts, {missing} of them not said yet")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
