"""The ways between the rooms: a rail at the side of a wide page, a bar with a menu under a narrow one."""

from __future__ import annotations

from dash import dcc, html

from segue.web import ids
from segue.web.layout.parts import act_button, icon
from segue.web.rooms import HOME, ROOMS
from segue.words import say

_ON_THE_BAR = 2  # rooms that have a place of their own on a narrow page; the others are in its menu


def rail() -> html.Nav:
    """All rooms, at the side."""
    links = [_link(HOME, say("Music"), "note", say("Your music, and what goes with it"))]
    links += [_link(room.path, say(room.name), room.icon, say(room.hint)) for room in ROOMS]
    return html.Nav(links, className="rail", **{"aria-label": say("Rooms")})


def bar(*, locked: bool) -> html.Nav:
    """On a narrow page the rooms and the queue share the place."""
    links = [
        _link(HOME, say("Music"), "note", say("Your music, and what goes with it")),
        act_button("queue", say("Queue"), icon("queue"), html.Span(say("Queue")), look="place"),
        *[_link(room.path, say(room.name), room.icon, say(room.hint)) for room in ROOMS[:_ON_THE_BAR]],
    ]
    more = act_button("rooms", say("More rooms"), icon("more"), html.Span(say("More")), look="place")
    setattr(more, "aria-expanded", "false")
    rest = [_link(room.path, say(room.name), room.icon, say(room.hint)) for room in ROOMS[_ON_THE_BAR:]]
    rest += [way_out("place")] if locked else []
    menu = html.Div(rest, id=ids.ROOM_MENU, className="room-menu", hidden=True)
    return html.Nav([*links, more, menu], className="bar-nav", **{"aria-label": say("Rooms")})


def way_out(look: str) -> html.A:
    """Where one logs out: in the header of a wide page, in the menu of rooms of a narrow one."""
    return html.A(
        [icon("out"), html.Span(say("Log out"))],
        href="/login",
        title=say("Log out on this device"),
        className=f"{look} way-out",
    )


def no_room() -> html.Div:
    """What an address shows that is none of ours."""
    return html.Div(
        [
            html.H1(say("There is nothing here"), className="heading"),
            html.P(say("This address is none of Segue's."), className="dim"),
            dcc.Link(say("Back to the music"), href=HOME, className="button outline"),
        ],
        className="no-room",
    )


def _link(path: str, name: str, drawing: str, hint: str) -> dcc.Link:
    return dcc.Link([icon(drawing), html.Span(name)], href=path, title=hint, className="place")
