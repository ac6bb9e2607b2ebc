"""The house's rules in the room of settings: they are checked, kept, set back, and what was chosen is chosen anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dash import ClientsideFunction, Dash, Input, Output, State, no_update
from dash.exceptions import PreventUpdate

from segue.choose.wishes import Wishes
from segue.errors import EmptyLibraryError, ModelError, SegueError, printable
from segue.web import ids, present
from segue.web.layout.rules import Offers, rules_card
from segue.web.layout.taste import never_again
from segue.web.pressed import has_changed
from segue.web.rule_form import NUMBERS, SWITCHES, WORDS, fields_of, rules_of
from segue.words import number, say, say_n

if TYPE_CHECKING:
    from dash import html

    from segue.services import Services

_FIELDS = dict.fromkeys((*NUMBERS, *WORDS, "christmas"), "value") | dict.fromkeys(SWITCHES, "checked")


def rules(services: Services) -> html.Section:
    """The form as things stand."""
    kept = services.choosing.rules.kept()
    return rules_card(fields_of(kept), _offers(services), line=allowed_line(services), banned=_banned(services))


def register_rules(app: Dash, services: Services) -> None:
    """Connect the form."""

    @app.callback(
        output={
            "says": Output(ids.RULES_SAYS, "children"),
            "wrong": Output(ids.RULES_SAYS, "data-wrong"),
            "before": Output(ids.RULES_BEFORE, "data"),
            "undo": Output(ids.RULES_UNDO, "hidden"),
            "fields": {name: Output(ids.rule_field(name), prop) for name, prop in _FIELDS.items()},
        },
        inputs={
            "clicks": [Input(name, "n_clicks") for name in (ids.RULES_KEEP, ids.RULES_RESET, ids.RULES_UNDO)],
            "before": State(ids.RULES_BEFORE, "data"),
            "fields": {name: State(ids.rule_field(name), prop) for name, prop in _FIELDS.items()},
        },
        prevent_initial_call=True,
    )
    def on_rules(clicks: list[int | None], before: Any, fields: dict[str, Any]) -> dict[str, Any]:
        if not any(clicks):
            raise PreventUpdate
        house, was = services.choosing.rules, services.choosing.rules.kept()
        answer: dict[str, Any] = {"before": no_update, "undo": no_update, "fields": dict.fromkeys(_FIELDS, no_update)}
        try:
            wanted = _wanted(before, fields)
        except SegueError as error:
            return answer | {"says": present.error_line(error), "wrong": "yes"}
        house.keep(wanted)
        number = 1 + (before or {}).get("number", 0)
        is_undone = has_changed(ids.RULES_UNDO)
        return {
            "says": allowed_line(services),
            "wrong": "",
            "before": {"number": number, "rules": was.to_json()},
            "undo": is_undone or was == wanted,
            "fields": fields_of(wanted),
        }

    @app.callback(Output(ids.RULES_NEVER, "children"), Input(ids.BOOTH, "data"), prevent_initial_call=True)
    def on_booth(booth: object) -> Any:  # noqa: ARG001 - a trigger
        return never_again(_banned(services))

    app.clientside_callback(
        ClientsideFunction("segue", "onRules"),
        Output(ids.BOOTED, "data", allow_duplicate=True),
        Input(ids.RULES_BEFORE, "data"),
        prevent_initial_call="initial_duplicate",
    )


def _wanted(before: Any, fields: dict[str, Any]) -> Wishes:
    """The rules that a button asks for; raises ParameterError."""
    if has_changed(ids.RULES_RESET):
        return Wishes()
    return Wishes.from_json((before or {}).get("rules")) if has_changed(ids.RULES_UNDO) else rules_of(fields)


def allowed_line(services: Services) -> str:
    """How much of the library the rules let through, and which of them cannot be gone by."""
    house, tracks = services.choosing.rules, services.counts().tracks
    unheard = ", ".join(sorted(house.unheard(house.kept())))
    lines = [say("The ear that listens now cannot tell {tags}: that is left aside.", tags=unheard)] if unheard else []
    try:
        allowed = services.choosing.open_to(house.wishes())
    except EmptyLibraryError:
        return " ".join(lines)
    if allowed == 0:
        line = say("By these rules no song may come: some of them give way, or nothing plays.")
    else:
        line = say_n(
            "By these rules {allowed} of {count} song may come.",
            "By these rules {allowed} of {count} songs may come.",
            tracks,
            allowed=number(allowed),
        )
    return " ".join([line, *lines])


def _offers(services: Services) -> Offers:
    table = services.table.now()
    try:
        tags = services.tags.names()
    except ModelError:
        tags = ()
    folders = [printable(folder.path) for folder in services.folders.all()]
    return Offers(table.values("genre"), tags, list(dict.fromkeys([*folders, *table.values("folder")])))


def _banned(services: Services) -> Any:
    return services.tracks_of(sorted(services.listening.bans()))
