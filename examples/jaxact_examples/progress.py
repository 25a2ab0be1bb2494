"""The terminal: a progress bar with loss, throughput and time left, and tables."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from jaxact_examples.mesh import is_first

console = Console()


@contextlib.contextmanager
def progress_bar(label: str, total: int, done: int) -> Iterator[tuple[Progress, TaskID]]:
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("loss {task.fields[loss]:.4f}  {task.fields[rate]:,.0f} {task.fields[unit]}/s"),
        TimeRemainingColumn(),
    )
    # Four redraws a second: the bar must not take time from the training step.
    with Progress(*columns, console=console, refresh_per_second=4, disable=not is_first()) as bar:
        yield bar, bar.add_task(label, total=total, completed=done, loss=float("nan"), rate=0.0, unit="samples")


def say(message: Any) -> None:
    if is_first():
        console.print(message, highlight=False)


def table(title: str, header: list[str], rows: list[list[str]]) -> None:
    drawn = Table(title=title, title_justify="left")
    for i, name in enumerate(header):
        drawn.add_column(name, justify="left" if i == 0 else "right")
    for row in rows:
        drawn.add_row(*row)
    say(drawn)


def markdown(header: list[str], rows: list[list[str]]) -> str:
    return "".join(f"| {' | '.join(line)} |\n" for line in [header, ["---"] * len(header), *rows])
