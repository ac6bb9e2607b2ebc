"""Answers in the form of the Subsonic protocol: XML or JSON, and errors as it numbers them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as ET

from flask import Response

from segue import __version__
from segue.errors import AudioError, FileAccessError, SegueError, UnknownTrackError

PROTOCOL = "1.16.1"

OTHER, MISSING, WRONG_PASSWORD, CONFLICTING, WRONG_KEY, NOT_ALLOWED, NOT_FOUND = 0, 10, 40, 43, 44, 50, 70

_ROOT = "subsonic-response"
_TEXT = "value"  # of a genre: in XML it stands between the tags
_SPACE = "http://subsonic.org/restapi"


class RefusedError(SegueError):
    """A request that cannot be answered, with the protocol's number for that."""

    def __init__(self, what: str, *, remedy: str, code: int) -> None:
        super().__init__(what, remedy=remedy)
        self.code = code


def answer(body: Mapping[str, Any], *, as_json: bool) -> Response:
    """What was asked for."""
    return _answer({"status": "ok", **_SERVER, **body}, as_json=as_json)


def failure(error: SegueError, *, as_json: bool) -> Response:
    """What was wrong; the status is 200, as the apps expect."""
    problem = {"code": _code_of(error), "message": f"{error.what}. {error.remedy}"}  # and no path: it is not theirs
    return _answer({"status": "failed", **_SERVER, "error": problem}, as_json=as_json)


_SERVER = {"version": PROTOCOL, "type": "segue", "serverVersion": __version__, "openSubsonic": True}


def _code_of(error: SegueError) -> int:
    if isinstance(error, RefusedError):
        return error.code
    return NOT_FOUND if isinstance(error, UnknownTrackError | FileAccessError | AudioError) else OTHER


def _answer(body: Mapping[str, Any], *, as_json: bool) -> Response:
    if as_json:
        return Response(json.dumps({_ROOT: body}), mimetype="application/json")
    root = _element(_ROOT, body)
    root.set("xmlns", _SPACE)
    text = b'<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="utf-8")
    return Response(text, mimetype="text/xml")


def _element(name: str, body: Mapping[str, Any]) -> ET.Element:
    element = ET.Element(name)
    for key, value in body.items():
        if value is None:
            continue
        if isinstance(value, Mapping):
            element.append(_element(key, value))
        elif isinstance(value, list | tuple):
            element.extend(_element(key, one if isinstance(one, Mapping) else {_TEXT: one}) for one in value)
        elif key == _TEXT:
            element.text = _plain(value)
        else:
            element.set(key, _plain(value))
    return element


def _plain(value: object) -> str:
    """A value as text that XML can hold: a tag may have bytes in it that no document may."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "".join(c if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff") else "\ufffd" for c in str(value))
