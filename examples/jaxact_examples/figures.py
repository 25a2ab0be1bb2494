"""Figures of training curves, written whole or not at all."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jaxact_examples.run import write_whole


def save_figure(figure: Any, path: Path) -> None:
    """Write a matplotlib figure as PNG."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=150)
    write_whole(path, buffer.getvalue())


def style(i: int) -> dict[str, Any]:
    """Colour and dashes of the ``i``-th line, in the palette of ``jaxact.plotting``; no line hides another."""
    from jaxact import plotting

    return {"color": plotting.COLOURS[i % len(plotting.COLOURS)], "linestyle": ("-", "--", "-.", ":")[i % 4]}


def whole_ticks(axes: Any) -> None:
    """Tick the horizontal axis at whole numbers, for epochs and steps."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True))


def curves(path: Path, runs: Mapping[str, list[dict[str, Any]]], metrics: Mapping[str, str], across: str) -> None:
    """One panel per metric (its name and its label), one line per run, over the field ``across`` of the records.

    Positive metrics that span more than two powers of ten have a logarithmic axis.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(5 * len(metrics), 3.6), layout="constrained")
    for axes, (name, label) in zip(figure.subplots(1, len(metrics), squeeze=False)[0], metrics.items(), strict=True):
        for i, (run, history) in enumerate(runs.items()):
            axes.plot([r[across] for r in history], [r[name] for r in history], label=run, marker=".", **style(i))
        values = [r[name] for history in runs.values() for r in history]
        if min(values) > 0 and max(values) > 100 * min(values):
            axes.set_yscale("log")
        whole_ticks(axes)
        axes.set(xlabel=across, ylabel=label)
        axes.grid(alpha=0.3)
    axes.legend()
    save_figure(figure, path)
