"""The dialog in which tempo and key are corrected by hand, of one song or of several."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.correcting import TIMES
from segue.values import Rhythm, Track
from segue.web import ids, present
from segue.web.layout.parts import act_button, cover, icon
from segue.words import later, percent, say

_BUTTON = "outline small"
_SEVERAL = later("as it is")


def correct_dialog() -> list[Any]:
    """The dialog, closed, and what the page sends and gets by it."""
    return [
        dmc.Modal(
            [html.Div(id=ids.CORRECT_BODY), html.P(id=ids.CORRECT_SAYS, className="correct-says", role="alert")],
            id=ids.CORRECT,
            title=say("Correct tempo and key"),
            opened=False,
            centered=True,
            closeButtonProps={"aria-label": say("Close")},
        ),
        dcc.Store(id=ids.CORRECT_ASKED),
        dcc.Store(id=ids.CORRECT_CHANGE),
        dcc.Store(id=ids.CORRECT_DONE),
    ]


def correct_body(tracks: Sequence[Track], now: Rhythm | None, heard: Rhythm | None) -> html.Div:
    """What the dialog shows of these songs; the rhythms are those of a song that is alone, as it is and as heard."""
    alone = tracks[0] if len(tracks) == 1 else None
    tempo = "" if alone is None or now is None else present.tempo(now)
    key = "" if alone is None or now is None else now.camelot or ""
    return html.Div(
        [
            _song(alone)
            if alone
            else html.P(say("{songs}: what is left empty stays as it is.", songs=present.songs(len(tracks)))),
            _field(
                ids.CORRECT_TEMPO,
                say("Tempo in BPM"),
                tempo,
                "" if alone else say(_SEVERAL),
                attributes={"input": {"inputMode": "decimal"}},
            ),
            html.Div(_counting(alone), className="correct-tools", role="group", **{"aria-label": say("Tempo")}),
            _field(ids.CORRECT_KEY, say("Key, as 8A, Am or A minor"), key, "" if alone else say(_SEVERAL)),
            *([html.P(_as_heard(heard), className="dim")] if alone else []),
            html.Div(_ends(is_set=alone is None or bool(now and now.by_hand)), className="correct-ends"),
        ],
        className="correct-body",
        **{
            "data-tracks": ",".join(track.id for track in tracks),
            "data-tempo": tempo,
            "data-key": key,
        },
    )


def _song(track: Track) -> html.Div:
    artist = html.Span(present.artist_of(track), className="dim")
    names = html.Div([html.B(track.info.title), artist], className="names")
    play = act_button("play", say("Play {title}", title=track.info.title), icon("play"), look="round", track=track.id)
    return html.Div([cover(track.id), names, play], className="correct-song")


def _field(name: str, label: str, value: str, placeholder: str, **more: Any) -> dmc.TextInput:
    return dmc.TextInput(id=name, label=label, value=value, placeholder=placeholder, autoComplete="off", **more)


def _counting(alone: Track | None) -> list[html.Button]:
    """Half and double; and to be tapped, where it is one song."""
    names = {"half": (say("Half"), say("Half the tempo")), "double": (say("Double"), say("Double the tempo"))}
    counts = [
        act_button("correct_count", names[word][1], names[word][0], look=_BUTTON, word=word, times=times)
        for word, times in TIMES.items()
    ]
    tap = act_button("correct_tap", say("Tap along with the song"), say("Tap along"), look=_BUTTON)
    return [*counts, tap] if alone else counts


def _as_heard(heard: Rhythm | None) -> str:
    """What was measured, with how sure that is."""
    if heard is None:
        return say("Heard: nothing yet.")
    sure = (heard.tempo_confidence, heard.key_confidence)
    facts = present.rhythm_facts(heard)[:2]
    known = [
        say("{fact}, {share} sure", fact=fact, share=percent(share)) if share else fact
        for fact, share in zip(facts, sure, strict=True)
    ]
    return say("Heard: {facts}.", facts="; ".join(known))


def _ends(*, is_set: bool) -> list[html.Button]:
    back = act_button("correct_heard", say("Take back what was set by hand"), say("As it was heard"), look=_BUTTON)
    back.disabled = not is_set
    return [back, act_button("correct_save", say("Save"), say("Save"), look="solid small")]
