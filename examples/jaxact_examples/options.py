"""Options that all trainers have, and the entry point that turns bad input into one line and exit code 2."""

from __future__ import annotations

import dataclasses
import functools
import re
import shutil
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Literal, TypeVar

import tyro


class BadInput(Exception):
    """Invalid options; the message says what was given, what is accepted and what to do."""


class Stopped(Exception):
    """A run that cannot continue; the message says why, and what has been saved."""


@dataclasses.dataclass(frozen=True)
class Training:
    seed: int = 0
    """Seed of the initial parameters, the order of the data and all noise."""
    batch_size: int = 64
    """Samples per step, over all devices."""
    learning_rate: float = 2e-3
    """Peak learning rate of AdamW."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """How the learning rate goes on after warm-up."""
    warm_up: float = 0.05
    """Part of the run in which the learning rate rises from zero."""
    weight_decay: float = 1e-4
    """Decoupled weight decay; biases and learnable activations are left alone."""
    clip: float = 1.0
    """Largest global norm of the gradient."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Dtype of the computation; parameters stay float32."""
    out: Path | None = None
    """Folder of the run; by default a new one under runs/."""
    resume: bool = False
    """Go on from the last whole checkpoint in --out, or in the newest run where --out is not given."""
    profile: bool = False
    """Write a trace of some steps into profile/, for TensorBoard or Perfetto."""
    compiled: Path | None = None
    """Folder of compiled programs, which later runs need not compile again."""
    tensorboard: bool = True
    """Write TensorBoard event files beside metrics.jsonl."""
    devices: int | None = None
    """Devices to use; all by default."""
    coordinator: str | None = None
    """host:port of process 0 of a run of several processes; found by itself on SLURM, Kubernetes and Cloud TPU."""
    processes: int | None = None
    """Number of processes, with --coordinator."""
    process: int | None = None
    """Index of this process, with --coordinator."""


T = TypeVar("T", bound=Training)


def main(options: type[T], run: Callable[[T], object], description: str | None) -> None:
    """Parse the command line, run the study, and end with an exit code: 2 for bad input, 1 for a run that failed."""
    try:
        run(tyro.cli(options, description=_wrapped(description or "")))
    except BadInput as error:
        sys.exit(_complain(error, 2))
    except (Stopped, OSError) as error:
        sys.exit(_complain(error, 1))
    except KeyboardInterrupt:
        sys.exit(_complain("interrupted; the same command with --resume goes on from the last checkpoint", 130))


def _wrapped(description: str) -> str:
    """A docstring without its markup, its paragraphs as wide as the terminal."""
    width = min(shutil.get_terminal_size().columns, 100)
    paragraphs = re.split(r"\n\n|\n(?=- )", description.replace("``", ""))
    # tyro joins lines, except for those that start with a space.
    fill = functools.partial(textwrap.fill, width=width, initial_indent=" ", subsequent_indent=" ")
    return "\n\n".join(p if p.startswith(" ") else fill(" ".join(p.split())) for p in paragraphs)


def _complain(message: object, code: int) -> int:
    print(f"error: {message}", file=sys.stderr)
    return code
