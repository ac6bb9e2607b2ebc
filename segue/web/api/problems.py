"""How the JSON API says what is wrong, wherever in the booth that is found: an error and a remedy."""

from __future__ import annotations

from flask import Response, current_app, jsonify, request
from werkzeug.exceptions import HTTPException, MethodNotAllowed, NotFound

ROOT = "/api/v1"
_VERBS = ("GET", "POST")
_SEE = f"See what may be asked: {ROOT}/openapi.json"


def is_for_programs() -> bool:
    """Whether the request is one of the JSON API."""
    return request.path == ROOT or request.path.startswith(f"{ROOT}/")


def problem(error: str, remedy: str, status: int) -> Response:
    """The answer to what went wrong."""
    answer = jsonify({"error": error, "remedy": remedy})
    answer.status_code = status
    return answer


def http_problem(error: HTTPException) -> Response:
    """The answer to a request that reached no operation."""
    takes = ", ".join(verb for verb in _VERBS if _is_taken(verb))
    if takes and isinstance(error, MethodNotAllowed | NotFound):  # the page's own route takes every GET, and finds none
        answer = problem(f"{request.method} is not what this address takes", f"It takes {takes}", 405)
        answer.headers["Allow"] = takes
        return answer
    if isinstance(error, NotFound):
        return problem("there is nothing at this address", _SEE, 404)
    return problem(f"{error.code} {error.name}", _SEE, error.code or 500)


def _is_taken(verb: str) -> bool:
    """Whether an operation has the request's address, by that verb."""
    try:
        endpoint, _ = current_app.url_map.bind("localhost").match(request.path, method=verb)
    except HTTPException:
        return False
    return str(endpoint).startswith("api.") and verb != request.method
