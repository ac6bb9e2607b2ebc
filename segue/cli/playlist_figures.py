"""How `segue evaluate playlists` tells what it measured: one column for each weight of the hubs."""

from __future__ import annotations

from segue.playlist_quality import PlaylistReport, PlaylistRow


def print_playlists(report: PlaylistReport) -> None:
    """The figures, line by line."""
    print(f"{report.playlists} playlists of {report.tracks} tracks, by the ear {report.ear}.")
    print(f"Labels: {report.labelled_by}." if report.labelled_by else "No labels that several tracks share.")
    columns = [_figures(row) for row in report.rows]
    print(f"{'weight of hubs':<48}" + "".join(f"{row.hub_weight:>8g}" for row in report.rows))
    for name in columns[0]:
        print(f"{name:<48}" + "".join(f"{column[name]:>8}" for column in columns))
    kinds = report.rows[0].kinds
    if kinds is not None:
        print(f"{'the same label, by chance':<48}" + f"{kinds.chance:>8.3f}" * len(report.rows))
    way = report.journeys
    if way.rising is not None and way.steps is not None:
        print(
            f"Journeys between two tracks: {way.rising:.0%} of the steps lead on; similarity from stop to stop"
            f" {way.steps.mean:.3f}, the least of a journey {way.steps.worst:.3f}."
        )


def _figures(row: PlaylistRow) -> dict[str, str]:
    found: dict[str, float | None] = {
        "of the library, played at all": row.coverage.played,
        "of all plays, the most played hundredth has": row.coverage.top,
        "Gini coefficient of plays": row.coverage.gini,
        "skewness of plays": row.coverage.skewness,
        "hubness (skewness of N_10)": row.hubness,
        "label the same as the song before": row.kinds.next if row.kinds else None,
        "label the same as the first song": row.kinds.seed if row.kinds else None,
        "similarity of a song to the one before": row.steps.mean if row.steps else None,
        "the least of a list": row.steps.worst if row.steps else None,
        "different artists for each song": row.artists,
        **{f"similarity to the first, {place} songs later": value for place, value in row.drift.items()},
    }
    return {name: f"{value:.3f}" for name, value in found.items() if value is not None}
