"""The report's plots, as SVG that stands in the page itself and takes its text colour from there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import StringIO
from typing import Any

import matplotlib
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from utils.evaluation.table import label

COLORS = {
    "base": "#8a94a6",
    "finetuned": "#2f6fed",
    "retrieval": "#d98a1f",
    "gained": "#2a9d5c",
    "lost": "#d64545",
}
TEXT = "#0b0c0d"  # stands for the page's own colour, see `_svg`
SETTINGS: Any = {
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "font.size": 9.5,
    "text.color": TEXT,
    "axes.edgecolor": TEXT,
    "axes.labelcolor": TEXT,
    "xtick.color": TEXT,
    "ytick.color": TEXT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
}
WIDTH = 4.2  # inches; at 72 points each the text stays readable on a phone


def score_plot(rows: Mapping[str, Mapping[str, Any]], systems: Sequence[str], name: str) -> str:
    """One line per row: every system's score, and the 95 % interval of the difference, laid off from the base."""
    shown = {key: row for key, row in rows.items() if row["n"]}
    if not shown:
        return ""
    with matplotlib.rc_context({**SETTINGS, "svg.hashsalt": name}):
        figure = Figure(figsize=(WIDTH, 0.95 + 0.42 * len(shown)), layout="constrained")
        axes = figure.add_subplot()
        for height, row in enumerate(reversed(list(shown.values()))):
            axes.axhline(height, color=TEXT, alpha=0.08, linewidth=1, zorder=0)
            if row["ci95"] is not None:
                ends = [100 * min(1.0, max(0.0, row["base"] + bound)) for bound in row["ci95"]]
                axes.plot(ends, [height, height], color=COLORS["finetuned"], alpha=0.3, linewidth=7, zorder=1)
            marks = {"base": "o", "retrieval": "D", "finetuned": "o"}
            for system in [system for system in marks if system in systems]:
                size = 62 if system == "finetuned" else 40
                axes.scatter(
                    100 * row[system], height, s=size, color=COLORS[system], marker=marks[system], zorder=2, alpha=0.95
                )
        axes.set_yticks(range(len(shown)), [f"{label(key)} ({row['n']})" for key, row in reversed(shown.items())])
        axes.tick_params(axis="y", length=0)
        axes.set_xlim(-3, 103)
        axes.set_ylim(-0.6, len(shown) - 0.4)
        axes.set_xlabel("claims made, %")
        return _svg(figure)


def change_plot(changes: Mapping[str, Mapping[str, int]]) -> str:
    """Questions lost (left) and gained (right) from base to fine-tuned, by task."""
    shown = {key: row for key, row in changes.items() if sum(row.values())}
    if not shown:
        return ""
    with matplotlib.rc_context({**SETTINGS, "svg.hashsalt": "changes"}):
        figure = Figure(figsize=(WIDTH, 0.95 + 0.42 * len(shown)), layout="constrained")
        axes = figure.add_subplot()
        for height, row in enumerate(reversed(list(shown.values()))):
            axes.barh(height, row["gained"], color=COLORS["gained"], height=0.55)
            axes.barh(height, -row["lost"], color=COLORS["lost"], height=0.55)
            axes.annotate(f"  {row['gained']}", (row["gained"], height), va="center", ha="left")
            axes.annotate(f"{row['lost']}  ", (-row["lost"], height), va="center", ha="right")
        axes.axvline(0, color=TEXT, alpha=0.4, linewidth=1)
        axes.set_yticks(range(len(shown)), [label(key) for key in reversed(shown)])
        axes.tick_params(axis="y", length=0)
        most = max(max(row["gained"], row["lost"]) for row in shown.values()) or 1
        left = max(row["lost"] for row in shown.values())
        axes.set_xlim(-max(left * 1.15, most * 0.12), most * 1.15)
        axes.set_xticks([])
        axes.spines["bottom"].set_visible(False)
        axes.set_xlabel("questions lost · gained")
        return _svg(figure)


def _svg(figure: Figure) -> str:
    """The figure as an `<svg>` element: no header, text as text, the text colour left to the page."""
    stream = StringIO()
    FigureCanvasSVG(figure).print_svg(stream, metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    text = text[text.index("<svg") :].replace(TEXT, "currentColor")
    head, _, rest = text.partition(">")
    kept = " ".join(part for part in head.split() if not part.startswith(("width=", "height=")))
    return f'{kept} role="img">{rest}'.replace('style="fill: none"', "")
