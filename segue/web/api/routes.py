"""The JSON API at /api/v1, and its description as OpenAPI."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue

from segue import __version__
from segue.errors import ParameterError, SegueError
from segue.web.api.fields import SONG, read_all
from segue.web.api.operations import OPERATIONS, Operation
from segue.web.api.problems import ROOT, problem
from segue.web.guard import status_of

if TYPE_CHECKING:
    from segue.services import Services

log = logging.getLogger(__name__)

_JSON = "application/json"


def api_routes(services: Services) -> Blueprint:
    """Every operation at its address."""
    routes = Blueprint("api", __name__, url_prefix=ROOT)
    for operation in OPERATIONS:
        path = operation.path.replace("{id}", "<track_id>")
        routes.add_url_rule(
            path, endpoint=operation.path, view_func=_view(services, operation), methods=[operation.verb.upper()]
        )

    @routes.get("/openapi.json")
    def description() -> ResponseReturnValue:
        return jsonify(openapi())

    @routes.errorhandler(SegueError)
    def wrong(error: SegueError) -> ResponseReturnValue:
        log.info("a program was refused: %s", error)
        return problem(error.what, error.remedy, status_of(error))

    return routes


def openapi() -> dict[str, Any]:
    """The API as an OpenAPI 3.1 document."""
    paths: dict[str, dict[str, Any]] = {}
    for operation in OPERATIONS:
        paths.setdefault(f"{ROOT}{operation.path}", {})[operation.verb] = _described(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Segue", "version": __version__, "description": "An automatic DJ for the music people own."},
        "paths": paths,
        "security": [{}, {"token": []}],
        "components": {
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Where the booth has a password: what segue password --token prints",
                }
            },
            "schemas": {
                "Error": {
                    "type": "object",
                    "required": ["error", "remedy"],
                    "properties": {
                        "error": {"type": "string", "description": "What was wrong"},
                        "remedy": {"type": "string", "description": "What to do about it"},
                    },
                }
            },
        },
    }


def _view(services: Services, operation: Operation) -> Any:
    def view(**place: str) -> ResponseReturnValue:
        as_text = operation.verb == "get"
        given = request.args.to_dict() if as_text else request.get_json(silent=True)
        if not isinstance(given, dict):
            raise ParameterError("the body is no JSON object", remedy=f"Send one, as {_JSON}")
        values = read_all(operation.fields, given, as_text=as_text)
        return jsonify(operation.run(services, {**values, "id": place.get("track_id", "")}))

    return view


def _described(operation: Operation) -> dict[str, Any]:
    answers = {
        "200": {"description": operation.summary, "content": {_JSON: {"schema": {"type": "object"}}}},
        "400": _problem("What was asked is wrong"),
        "401": _problem("The booth has a password, and neither a session nor the token came along"),
        "403": _problem("It was asked by another name than the booth's, or from another site's page"),
        "404": _problem("There is no such song"),
        "405": _problem("The address takes another method"),
    }
    said: dict[str, Any] = {"summary": operation.summary, "responses": answers, "parameters": []}
    if "{id}" in operation.path:
        said["parameters"].append({"name": "id", "in": "path", "required": True, "schema": SONG})
    if operation.verb == "get":
        said["parameters"] += [{"name": f.name, "in": "query", "schema": f.schema()} for f in operation.fields]
        return said
    schema: dict[str, Any] = {
        "type": "object",
        "additionalProperties": False,
        "required": [field.name for field in operation.fields if field.default is None],
        "properties": {field.name: field.schema() for field in operation.fields},
    }
    return {**said, "requestBody": {"required": True, "content": {_JSON: {"schema": schema}}}}


def _problem(what: str) -> dict[str, Any]:
    return {"description": what, "content": {_JSON: {"schema": {"$ref": "#/components/schemas/Error"}}}}
