"""The picture of a mix as one HTML file, by plotly: nothing of it comes from the network."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

from segue.play.mix.labels import clock, title_of
from segue.play.mix.picture import Wave, key_colour, tempo_curve, track_colour
from segue.play.mix.plan import MixPlan

_JOIN_COLOURS = {"cut": "#be3c3c", "fade": "#5a82be", "eq": "#c89628", "beat": "#3c965a"}


def html_of(plan: MixPlan, wave: Wave) -> str:
    """The picture as a page that needs nothing else; the joins say on pointing at them why they are what they are."""
    import plotly.graph_objects as go  # a second to import
    from plotly.subplots import make_subplots

    figure = make_subplots(rows=3, cols=1, shared_xaxes=True, row_heights=[0.55, 0.3, 0.15], vertical_spacing=0.05)
    _add_wave(figure, go, plan, wave)
    _add_joins(figure, go, plan)
    _add_tempo(figure, go, plan)
    _add_keys(figure, go, plan)
    ticks = np.linspace(0.0, plan.length_s, 13)
    figure.update_xaxes(tickvals=ticks, ticktext=[clock(tick) for tick in ticks], range=[0.0, plan.length_s])
    figure.update_yaxes(title_text="level", range=[-1.05, 1.2], row=1, col=1)
    figure.update_yaxes(title_text="BPM", row=2, col=1)
    figure.update_yaxes(title_text="key", showticklabels=False, range=[0.0, 1.0], row=3, col=1)
    said = f"{escape(plan.title)}<br><sub>{len(plan.parts)} tracks, {clock(plan.length_s)}</sub>"
    figure.update_layout(title=said, height=820, template="plotly_white", showlegend=False, bargap=0)
    page: str = figure.to_html(include_plotlyjs=True, full_html=True, config={"displaylogo": False})
    return page


def _rgb(colour: tuple[int, int, int]) -> str:
    return f"rgb{colour}"


def _add_wave(figure: Any, go: Any, plan: MixPlan, wave: Wave) -> None:
    at_s = (np.arange(len(wave.peaks)) + 0.5) / len(wave.peaks) * wave.length_s
    leads = [placed.lead_s for placed in plan.placements]
    number = np.searchsorted(leads[1:], at_s, side="right")
    for track, placed in enumerate(plan.placements):
        mine = number == track
        outline = np.concatenate([wave.peaks[mine], -wave.peaks[mine][::-1]]).tolist()
        figure.add_trace(
            go.Scatter(
                x=np.concatenate([at_s[mine], at_s[mine][::-1]]).tolist(),
                y=outline,
                fill="toself",
                mode="lines",
                line={"width": 0.5, "color": _rgb(track_colour(track))},
                name=escape(title_of(placed.part)),
                text=f"{clock(placed.lead_s)} {escape(title_of(placed.part))}",
                hoverinfo="text",
                hoveron="fills",
            ),
            row=1,
            col=1,
        )


def _add_joins(figure: Any, go: Any, plan: MixPlan) -> None:
    for number, join in enumerate(plan.joins):
        from_s, to_s = plan.joined_at_s(number)
        colour = _JOIN_COLOURS[join.style]
        figure.add_vrect(x0=from_s, x1=max(to_s, from_s + 0.2), fillcolor=colour, opacity=0.16, line_width=0, row="all")
        figure.add_trace(
            go.Scatter(
                x=[(from_s + to_s) / 2],
                y=[1.1],
                mode="markers",
                marker={"color": colour, "size": 11, "symbol": "triangle-down"},
                text=f"{clock(from_s)} {escape(join.why or join.style)}",
                hoverinfo="text",
            ),
            row=1,
            col=1,
        )


def _add_tempo(figure: Any, go: Any, plan: MixPlan) -> None:
    for track, placed in enumerate(plan.placements):
        curve = tempo_curve(placed)
        figure.add_trace(
            go.Scatter(
                x=[point.at_s for point in curve],
                y=[point.bpm for point in curve],
                mode="lines",
                line={"width": 4, "color": _rgb(track_colour(track))},
                text=[f"{escape(title_of(placed.part))}: {point.bpm:.1f} BPM" for point in curve],
                hoverinfo="text",
            ),
            row=2,
            col=1,
        )


def _add_keys(figure: Any, go: Any, plan: MixPlan) -> None:
    leads = [0.0, *(placed.lead_s for placed in plan.placements[1:]), plan.length_s]
    for placed, from_s, to_s in zip(plan.placements, leads, leads[1:], strict=False):
        key = placed.part.camelot
        figure.add_trace(
            go.Bar(
                x=[(from_s + to_s) / 2],
                y=[1.0],
                width=[to_s - from_s],
                marker={"color": _rgb(key_colour(key)), "line": {"color": "white", "width": 1}},
                text=[key or "?"],
                textposition="inside",
                hovertext=f"{escape(title_of(placed.part))}: {key or 'key not known'}",
                hoverinfo="text",
            ),
            row=3,
            col=1,
        )
