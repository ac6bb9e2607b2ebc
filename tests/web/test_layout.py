from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from segue.choose.playlist import ContinueSpec
from segue.choose.wishes import Wishes
from segue.folders import Storage
from segue.lists import SavedList
from segue.play import playqueue
from segue.play.playqueue import Queue, Song
from segue.profiles import Beginning, Profile
from segue.values import Track, TrackId, TrackInfo
from segue.web import ids
from segue.web.factory import assets_folder
from segue.web.layout import music, queue
from segue.web.layout.correct import correct_body
from segue.web.layout.journey import journey_room
from segue.web.layout.library import library_room
from segue.web.layout.live import live_room
from segue.web.layout.map import map_room
from segue.web.layout.mix import mix_room
from segue.web.layout.parts import card
from segue.web.layout.quality import disk_card, failure_kinds, quality_room
from segue.web.layout.rules import Offers, rules_card
from segue.web.layout.saved import saved_lists, saved_room
from segue.web.layout.settings import folders_list, settings_room
from segue.web.layout.shell import page
from segue.web.rule_form import fields_of
from segue.words import SOURCE, speak
from tests.web.stand_in import failure

SCRIPTS = sorted((assets_folder() / "js").glob("*.js"))
STYLES = sorted((assets_folder() / "css").glob("*.css"))
RULES_MADE = rules_card(fields_of(Wishes()), Offers(), line="", banned=())
SETTINGS_MADE = settings_room(watched=True, line="", rules=RULES_MADE)
LIBRARY_MADE = library_room(genres=(), heard=(), keys=())
SEED = Beginning(TrackId("0123456789abcdef"), "a song")
SAVED_MADE = saved_room(
    saved_lists(
        [SavedList("1", "Sunday", (SEED.track_id,), 0.0)],
        {"Evening": Profile((SEED,), ContinueSpec())},
        {},
        damaged={"Night": "it is no JSON object"},
        holds=None,
        coming=None,
    )
)
ROOMS_MADE = [journey_room(""), map_room(), mix_room([]), live_room(), LIBRARY_MADE, SAVED_MADE, SETTINGS_MADE]
SONG = Track(TrackId("0" * 16), (Path("/music/song.mp3"),), TrackInfo("Song"))
QUALITY_MADE = quality_room(ear=card("The ear"), disk=disk_card(Storage(1, 2, 3, {"map": 4}, 5)))
ROOMS_MADE += [correct_body([SONG], None, None), QUALITY_MADE]


def text_of(component: object) -> str:
    return json.dumps(component, default=lambda value: value.to_plotly_json())


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_name_only_ids_that_are_there(script: Path) -> None:
    known = {value for name, value in vars(ids).items() if name.isupper()}
    markup = text_of([page(empty=False, busy=False, pulse_ms=1), *ROOMS_MADE])
    source = script.read_text(encoding="utf-8")
    for name in re.findall(r'(?:props|set_props)\("([^"]+)"', source):
        assert name in known
    made_here = set(re.findall(r'(?:id: |id = |range\()"([a-z-]+)"', source))
    for name in re.findall(r'(?:getElementById|\bby)\("([^"]+)"\)', source):
        assert f'"{name}"' in markup or name in made_here


def test_every_act_of_the_page_has_its_script(shelf: tuple[Track, ...]) -> None:
    sources = [script.read_text(encoding="utf-8") for script in SCRIPTS]
    acts = "".join(
        part[: part.index("});")] for source in sources for part in source.split("(segue.acts ??= {}), {")[1:]
    )
    shown = playqueue.go_next(playqueue.append(Queue(), [Song(track.id) for track in shelf]))
    tracks = {track.id: track for track in shelf}
    parts = [
        page(empty=False, busy=False, pulse_ms=1),
        *ROOMS_MADE,
        queue.queue_list(shown, tracks),
        *failure_kinds([failure("bad.mp3")]),
        music.status("Listening", share=3.0, running=True, failures="1 file could not be read"),
    ]
    for act in set(re.findall(r'"data-act": "([^"]+)"', text_of(parts))):
        assert re.search(rf'^ +"?{act}"?:', acts, re.MULTILINE), act


@pytest.mark.parametrize("asset", [*SCRIPTS, *STYLES], ids=lambda path: path.name)
def test_no_asset_points_elsewhere(asset: Path) -> None:
    text = asset.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    assert not re.findall(r"(?:https?:)?//[a-z0-9-]+\.[a-z]+", text)
    assert "@import" not in text


def luminance(colour: str) -> float:
    colour = "#" + "".join(c * 2 for c in colour[1:]) if len(colour) == 4 else colour
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_colours_can_be_read(scheme: str) -> None:
    """WCAG AA: 4.5 to 1 for text, 3 to 1 for the edges of controls."""
    css = (assets_folder() / "css" / "tokens.css").read_text(encoding="utf-8")
    blocks = css.split(":root")
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", blocks[1]))
    if scheme == "light":
        colours |= dict(re.findall(r"--([a-z-]+): (#[0-9a-f]+);", blocks[2]))
    for ground in ("bg", "raised", "hover"):
        for words in ("text", "dim", "accent", "problem"):
            assert contrast(colours[words], colours[ground]) >= 4.5, (words, ground)
        assert contrast(colours["control"], colours[ground]) >= 3, ground
    for name in (*(f"map-{letter}" for letter in "abcdefghi"), *(f"step-{letter}" for letter in "abcdef"), "map-other"):
        assert contrast(colours[name], colours["raised"]) >= 3, name
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5


def test_failures_are_listed_with_cause_and_remedy_and_the_rest_is_counted() -> None:
    text = text_of(music.failures_list([failure(f"{i}.mp3") for i in range(music.FAILURES_SHOWN + 3)]))
    assert "There is no sound in it. Remove it" in text
    assert "... and 3 more." in text


def test_a_queue_whose_songs_are_gone_can_still_be_shown(shelf: tuple[Track, ...]) -> None:
    held = playqueue.go_next(playqueue.append(Queue(), [Song(track.id, "chosen", "near") for track in shelf]))
    assert "No longer in the library" in text_of([queue.now(held, {}), queue.queue_list(held, {})])
    assert "Nothing plays yet" in text_of(queue.now(Queue(), {}))


def test_the_settings_know_the_demo_library_from_none() -> None:
    """A library of demo songs was told "None yet"."""
    said = {demo: text_of(folders_list((), None, busy=False, demo=demo)) for demo in (0, 72)}
    assert "None yet" in said[0]
    assert "The demo library is here, 72 songs" in said[72]


def test_who_is_logged_in_finds_the_way_out_and_who_is_not_is_told_of_the_password() -> None:
    locked, plain = (
        text_of(settings_room(watched=True, line="", rules=RULES_MADE, locked=locked)) for locked in (True, False)
    )
    assert '"href": "/login"' in locked
    assert "segue password" in plain
    assert "/login" not in plain


def test_the_fields_for_numbers_have_the_decimal_mark_of_the_language() -> None:
    """The form of the rules showed a German 0.5, and every sentence beside it 0,5."""
    speak("de")
    try:
        made = [
            rules_card(fields_of(Wishes()), Offers(), line="", banned=()),
            library_room(genres=(), heard=(), keys=()),
        ]
    finally:
        speak(SOURCE)
    assert all('"decimalSeparator": ","' in text_of(room) for room in made)
    assert '"decimalSeparator": "."' in text_of(RULES_MADE)
