"""What is said is said in the language that was chosen, and the catalogues hold all that the sources have marked."""

from __future__ import annotations

import string
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import pytest

from segue.words import PSEUDO, SOURCE, _marks, carried, languages, later, number, percent, say, say_n, speak, spoken
from tests import catalogues

CODES = catalogues.codes()


@pytest.fixture(autouse=True)
def english_afterwards() -> Iterator[None]:
    yield
    speak(SOURCE)


def test_it_is_english_until_another_language_is_chosen() -> None:
    assert (spoken(), say("Try again")) == ("en", "Try again")
    speak("de")
    assert (spoken(), say("Try again")) == ("de", "Noch einmal versuchen")


def test_a_language_that_nobody_wrote_is_english() -> None:
    speak("de")
    for code in ("tlh", "../de", ""):
        speak(code)
        assert (spoken(), say("Try again")) == ("en", "Try again")


def test_a_text_that_a_catalogue_lacks_stands_as_it_is() -> None:
    speak("de")
    assert say("No translator has seen {what}.", what="this") == "No translator has seen this."


def test_nothing_is_said_as_nothing() -> None:
    """gettext answers "" with the head of its catalogue, which stood where an error had no remedy."""
    for code in ("en", "de", PSEUDO):
        speak(code)
        assert say("") == ""


def test_values_are_filled_in_after_the_text_was_found_and_may_hold_braces() -> None:
    speak("de")
    assert say("Too many wrong passwords. Try again in {wait_s} s.", wait_s="{7}").endswith("in {7} s möglich.")
    assert say("{braces} without values stay") == "{braces} without values stay"


@pytest.mark.parametrize(
    ("code", "one", "many", "tenth"),
    [("en", "1 cat", "12,043 cats", "1,234.5"), ("de", "1 cat", "12.043 cats", "1.234,5"),
     (PSEUDO, "⟦1 cat⟧", "⟦12,043 cats⟧", "1,234.5")],
)  # fmt: skip
def test_numbers_are_written_as_the_language_does(code: str, one: str, many: str, tenth: str) -> None:
    speak(code)
    assert say_n("{count} cat", "{count} cats", 1) == one
    assert say_n("{count} cat", "{count} cats", 12_043) == many
    assert number(1234.5, 1) == tenth


def test_below_nothing_a_number_has_a_minus_and_nothing_has_none() -> None:
    assert [number(value, 2) for value in (-0.09, -0.001, 0.0)] == ["\N{MINUS SIGN}0.09", "0.00", "0.00"]
    speak("de")
    assert number(-1234.5, 1) == "\N{MINUS SIGN}1.234,5"
    assert percent(0.4712, 1) == "47,1\N{NO-BREAK SPACE}%"


def test_a_constant_is_marked_when_it_is_made_and_said_when_it_is_shown() -> None:
    constant = later("Password")
    speak("de")
    assert (constant, say(constant)) == ("Password", "Passwort")


def test_each_language_has_a_name_and_english_is_always_there() -> None:
    assert languages().keys() == {SOURCE, *CODES}
    assert (languages()["de"], languages()["en"]) == ("Deutsch", "English")


@pytest.mark.parametrize("code", [SOURCE, PSEUDO, *CODES])
def test_each_language_parts_thousands_and_decimal_places(code: str) -> None:
    assert len(_marks(code)) == 2


def test_a_language_is_named_by_two_or_three_letters(capsys: pytest.CaptureFixture[str]) -> None:
    for code in ("pt-BR", "pt_BR", "Fr", "f", "../fr", "german"):
        assert catalogues.main(code) == 1
        assert capsys.readouterr().out.count("\n") == 1
        assert catalogues.codes() == CODES


def test_a_language_is_offered_when_nothing_of_it_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = catalogues.Catalog(charset="utf-8")
    found.add("Password", locations=[("assets/js/page.js", 0)])
    monkeypatch.setattr(catalogues, "collected", lambda: found)
    monkeypatch.setattr(catalogues, "CATALOGUES", tmp_path)
    monkeypatch.setattr(catalogues, "SCRIPTS", tmp_path)
    assert catalogues.main("fr") == 0
    assert [path.name for path in tmp_path.iterdir()] == ["fr.po"]
    said = (tmp_path / "fr.po").read_text(encoding="utf-8")
    whole = said.replace('msgid "Password"\nmsgstr ""', 'msgid "Password"\nmsgstr "Mot"')
    (tmp_path / "fr.po").write_text(whole, encoding="utf-8")
    assert catalogues.main() == 0
    assert {path.name for path in tmp_path.iterdir()} == {"fr.po", "fr.mo", "fr.js"}
    assert "1 of them" in capsys.readouterr().out


# The catalogues -------------------------------------------------------------------------------------------------------


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_holds_what_is_marked_and_nothing_else(code: str) -> None:
    """To bring it up to date: make words."""
    marked = {catalogues.forms_of(message.id)[0] for message in catalogues.collected() if message.id}
    known = {catalogues.forms_of(message.id)[0] for message in catalogues.read(code) if message.id}
    assert (marked - known, known - marked) == (set(), set())


def test_a_thread_speaks_as_who_began_it() -> None:
    heard: list[str] = []
    speak("de")
    for step in (carried(lambda: heard.append(spoken())), lambda: heard.append(spoken())):
        thread = Thread(target=step)
        thread.start()
        thread.join()
    assert heard == ["de", SOURCE]


@pytest.mark.parametrize("code", CODES)
def test_a_catalogue_is_complete_and_sure(code: str) -> None:
    catalogue = catalogues.read(code)
    assert [message.id for message in catalogue if not catalogues.is_told(message) or message.fuzzy] == []
    assert not catalogue.obsolete


@pytest.mark.parametrize("code", CODES)
def test_a_sentence_has_the_same_places_in_every_language(code: str) -> None:
    wrong = []
    for message in catalogues.read(code):
        if not message.id:
            continue
        one, many = (places(catalogues.forms_of(message.id)[at]) for at in (0, -1))
        wrong += [message.id for form in catalogues.forms_of(message.string) if not one <= places(form) <= many]
    assert wrong == []


@pytest.mark.parametrize("code", CODES)
def test_what_is_shipped_is_made_of_the_catalogue(code: str) -> None:
    """To bring it up to date: make words."""
    catalogue = catalogues.read(code)
    assert (catalogues.CATALOGUES / f"{code}.po").read_bytes() == catalogues.as_po(catalogue)
    assert (catalogues.CATALOGUES / f"{code}.mo").read_bytes() == catalogues.as_mo(catalogue)
    assert (catalogues.SCRIPTS / f"{code}.js").read_text(encoding="utf-8") == catalogues.as_script(catalogue)
