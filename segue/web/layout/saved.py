"""The room of what is saved: playlists and radios, and the dialog that asks for a name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import dash_mantine_components as dmc
from dash import dcc, html

from segue.choose.schedule import Coming, Holding
from segue.lists import SavedList
from segue.profiles import LONGEST_NAME, Profile
from segue.values import Track, TrackId
from segue.web import ids, present
from segue.web.layout.parts import act_button, cover, icon, icon_button, spoken_with
from segue.web.room import room_head
from segue.words import later, number, say

WORDS = later("What you saved of a queue: its songs as a playlist, or its way to go on as a radio.")


def saved_room(shown: Sequence[Any]) -> html.Div:
    """The room as it is entered."""
    return html.Div(
        [
            room_head(say("Saved"), WORDS),
            html.Div(list(shown), id=ids.SAVED),
            dcc.Store(id=ids.SAVED_TURN),
        ],
        className="saved-room",
    )


def saved_lists(
    lists: Sequence[SavedList],
    radios: Mapping[str, Profile],
    tracks: Mapping[TrackId, Track],
    *,
    damaged: Mapping[str, str],
    holds: Holding | None,
    coming: Coming | None,
) -> list[html.Section]:
    """The playlists and the radios; ``tracks`` are those of their songs that the library holds."""
    how = say("Save the songs of the queue: the arrow above “Next”, then “Save as playlist”.")
    way = say("Save how a queue goes on: the arrow above “Next”, then “Save as radio”.")
    return [
        _section(say("Playlists"), [_list_row(one, tracks) for one in lists], nothing=how),
        _section(
            say("Radios"),
            [_radio_row(name, profile, tracks, holds) for name, profile in radios.items()],
            *_programme(holds, coming),
            *_damaged(damaged),
            nothing=way,
        ),
    ]


def _section(title: str, rows: Sequence[html.Li], *words: html.P, nothing: str) -> html.Section:
    body = html.Ul(list(rows), className="rows", **{"aria-label": title}) if rows else html.P(nothing, className="dim")
    return html.Section([html.H2(title, className="heading"), *words, body], className="saved-part")


def _list_row(held: SavedList, tracks: Mapping[TrackId, Track]) -> html.Li:
    here = [tracks[track_id] for track_id in held.tracks if track_id in tracks]
    gone = len(held.tracks) - len(here)
    facts = [present.songs(len(here)), present.clock(sum(track.info.duration_s for track in here))]
    facts += [say("{count} not in the library any more", count=number(gone))] if gone else []
    return _row(
        held.name,
        ", ".join(filter(None, facts)),
        here[0].id if here else None,
        {"act": "play_saved", "list": held.id},
        icon_button("add_saved", say("Add to the queue: {name}", name=held.name), "add", list=held.id),
        icon_button(
            "saved_more", say("More for {name}: rename, delete", name=held.name), "more", list=held.id, name=held.name
        ),
    )


def _radio_row(name: str, profile: Profile, tracks: Mapping[TrackId, Track], holds: Holding | None) -> html.Li:
    here = [seed.track_id for seed in profile.seeds if seed.track_id in tracks]
    first, others = profile.seeds[0].name, len(profile.seeds) - 1
    origin = say("From {song} and {count} more", song=first, count=number(others)) if others else ""
    origin = origin or say("From {song}", song=first)
    times = "; ".join(str(slot) for slot in profile.times)
    is_on = holds is not None and holds.name == name
    on = say("Its time: until {time}", time=present.day_time(holds.until)) if holds is not None and is_on else ""
    return _row(
        name,
        " · ".join(filter(None, [origin, times, on])),
        here[0] if here else None,
        {"act": "play_radio", "radio": name},
        icon_button("saved_more", say("More for {name}: rename, delete", name=name), "more", radio=name, name=name),
    )


def _row(name: str, facts: str, picture: TrackId | None, act: Mapping[str, str], *tools: html.Button) -> html.Li:
    art = [cover(picture)] if picture else []
    return html.Li(
        [
            html.Button(
                [
                    html.Span([*art, icon("play")], className="art"),
                    html.Span(
                        [
                            html.Span(spoken_with(say("Play {title}"), title=name), className="title"),
                            html.Span(facts, className="by"),
                        ],
                        className="names",
                    ),
                ],
                type="button",
                className="row-main",
                **{f"data-{key}": value for key, value in act.items()},
            ),
            *tools,
        ],
        className="row",
    )


def _programme(holds: Holding | None, coming: Coming | None) -> list[html.P]:
    """Which radio holds now and which comes next, as `segue profile now` says it."""
    words = []
    if holds:
        words.append(say("“{name}” holds until {time}.", name=holds.name, time=present.day_time(holds.until)))
    if coming:
        words.append(say("Next: “{name}”, {time}.", name=coming.name, time=present.day_time(coming.at)))
    return [html.P(" ".join(words), className="dim")] if words else []


def _damaged(damaged: Mapping[str, str]) -> list[html.P]:
    return [
        html.P(
            say("“{name}” cannot be read: {what}. Drop it: segue profile remove", name=name, what=say(what)),
            className="problem",
        )
        for name, what in damaged.items()
    ]


def naming_dialog() -> dmc.Modal:
    """Asks for a name; ``assets/js/saved.js`` says what for."""
    return dmc.Modal(
        html.Div(
            [
                dmc.TextInput(
                    id=ids.NAME_FIELD, label=say("Name"), value="", autoComplete="off",
                    attributes={"input": {"maxLength": LONGEST_NAME, "data-autofocus": True}},
                ),
                dmc.SegmentedControl(
                    id=ids.NAME_SONGS, data=["no", "yes"], value="no", size="sm", **{"aria-label": say("Which songs")}
                ),
                act_button("name", say("Save it under this name"), say("Save"), look="solid"),
            ],
            className="naming",
        ),
        id=ids.NAMING, title=say("Save"), opened=False, centered=True, closeButtonProps={"aria-label": say("Close")},
    )  # fmt: skip
