"""Where a login is kept: a file of the user's own, that nobody else may read and that no repository holds."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

from segue.errors import ParameterError
from segue.files import access_error, real_path


def settings_folder() -> Path:
    """The folder where this system's programs keep a user's settings, and Segue's within it."""
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "Segue"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "Segue"
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "segue"


class TokenFile:
    """A login on disk (mode 0600), read once; a damaged file is no login.

    Raises
    ------
    ParameterError
        If the file would lie in a git repository.
    """

    def __init__(self, path: Path) -> None:
        self.path = real_path(path)
        for folder in self.path.parents:
            if (folder / ".git").exists():
                raise ParameterError(
                    f"the login would be kept within the repository {folder}",
                    remedy="Choose a folder outside of it (XDG_CONFIG_HOME names the usual one)",
                    path=self.path,
                )
        self._token: dict[str, Any] | None = None

    def load(self) -> dict[str, Any] | None:
        """The login; None if there is none."""
        if self._token is None:
            try:
                found = json.loads(self.path.read_bytes())
            except (FileNotFoundError, ValueError):
                return None
            except OSError as error:
                raise access_error(error, self.path) from error
            wanted = {"access_token": str, "refresh_token": str, "scope": str, "expires_at": int}
            if not isinstance(found, dict) or not all(isinstance(found.get(k), kind) for k, kind in wanted.items()):
                return None
            self._token = found
        return self._token

    def save(self, token: dict[str, Any]) -> None:
        """Keep a login in place of the one before."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle, name = tempfile.mkstemp(prefix=".login-", dir=self.path.parent)  # mkstemp makes it 0600
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(token, file)
            Path(name).replace(self.path)
        except OSError as error:
            raise access_error(error, self.path) from error
        self._token = dict(token)

    def forget(self) -> None:
        """Delete the login."""
        self._token = None
        self.path.unlink(missing_ok=True)
