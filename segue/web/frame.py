"""What stands around the page before any script has run, in the language of who asks for it."""

from __future__ import annotations

from pathlib import Path

from dash import Dash

from segue.web.bundles import bundle_routes, scripts, styles, words
from segue.words import say, spoken

_INDEX = """<!DOCTYPE html>
<html lang="{%language%}" data-mantine-color-scheme="dark">
<head>
{%metas%}
<meta name="color-scheme" content="dark light">
<meta name="theme-color" content="#131113">
<title>{%title%}</title>
<link rel="icon" type="image/svg+xml" href="/assets/favicon.svg">
<link rel="apple-touch-icon" href="/assets/icons/segue-touch-180.png">
<link rel="manifest" href="/manifest.webmanifest" crossorigin="use-credentials">
{%css%}
<link rel="stylesheet" href="{%styles%}">
</head>
<body>
{%app_entry%}
<div>{%words%}<script src="{%own%}"></script>{%config%}{%scripts%}{%renderer%}</div>
</body>
</html>"""


class FramedDash(Dash):  # type: ignore[misc]  # it has no types
    """Dash with the booth's own frame."""

    def __init__(self, name: str, assets: Path, **options: object) -> None:
        super().__init__(name, index_string=_INDEX, assets_folder=str(assets), include_assets_files=False, **options)
        self._styles, self._scripts, self._words = styles(assets), scripts(assets), words(assets)
        self.server.register_blueprint(bundle_routes([self._styles, self._scripts, *self._words.values()]))

    def interpolate_index(self, **parts: str) -> str:
        """The page, and before its scripts those words of its language that they say; English they have themselves."""
        parts["app_entry"] = parts["app_entry"].replace("Loading...", say("Loading..."))
        told = self._words.get(spoken())
        page: str = super().interpolate_index(**parts)
        own = {
            "language": spoken(),
            "words": "" if told is None else f'<script src="{told.address}"></script>',
            "styles": self._styles.address,
            "own": self._scripts.address,
        }
        for place, value in own.items():
            page = page.replace(f"{{%{place}%}}", value)
        return page
