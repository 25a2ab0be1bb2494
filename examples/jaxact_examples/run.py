"""The folder of a run: its lock, its options, its metrics and its checkpoints."""

from __future__ import annotations

import contextlib
import dataclasses
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
from jax.experimental.multihost_utils import sync_global_devices

from jaxact_examples.mesh import is_first
from jaxact_examples.options import BadInput, Training

# Options that may change when a run is resumed, because they do not change its result.
# fmt: off
FREE = {
    "coordinator", "compiled", "data_dir", "devices", "out", "process", "processes", "profile", "resume", "tensorboard",
    "text",
}
# fmt: on
LENGTHS = {"epochs", "steps"}


@contextlib.contextmanager
def open_folder(study: str, options: Training) -> Iterator[Path]:
    """The folder of a new or resumed run, locked while it runs."""
    folder = _choose(study, options)
    lock = _lock(folder) if is_first() else None
    try:
        _claim(folder, options)
        yield folder
    finally:
        if lock is not None:
            os.close(lock)


def _claim(folder: Path, options: Training) -> None:
    """Write the options of a new run, or check that they equal those of the run that is resumed."""
    wanted = json.loads(json.dumps(dataclasses.asdict(options), default=str))
    record = folder / "options.json"
    before = json.loads(record.read_text()) if record.exists() else None
    sync_global_devices("all have looked for a record")  # only then may the first process write one
    if before is not None:
        if not options.resume:
            raise BadInput(f"{folder} holds a run already; --resume goes on with it, another --out starts anew")
        differing = [n for n in wanted if n not in FREE and wanted[n] != before.get(n)]
        longer = [n for n in differing if n in LENGTHS and n in before and wanted[n] > before[n]]
        if differing and differing == longer:
            _lengthen(folder, longer[0], before, wanted)
        elif differing:
            then, now = (" ".join(f"{n}={_short(o.get(n))}" for n in differing) for o in (before, wanted))
            raise BadInput(f"the checkpoint in {folder} is of a run with {then}, this one has {now}")
    elif is_first():
        write_whole(record, json.dumps(wanted, indent=2) + "\n")


def _lengthen(folder: Path, length: str, before: dict[str, Any], wanted: dict[str, Any]) -> None:
    """Record that a run goes on for longer, which the schedule of the learning rate must allow."""
    if wanted["schedule"] != "constant" or wanted["warm_up"]:
        raise BadInput(
            f"the run in {folder} has {before[length]} {length}, to which its schedule is fitted: it cannot go on to "
            f"{wanted[length]}; only runs that are started with --schedule constant --warm-up 0 can be lengthened"
        )
    if is_first():
        write_whole(folder / "options.json", json.dumps(wanted, indent=2) + "\n")


def _choose(study: str, options: Training) -> Path:
    if options.out is not None:
        if options.resume and not (options.out / "options.json").exists():
            raise BadInput(f"there is no run to resume in {options.out}; --out names the folder of an earlier run")
        return options.out
    if jax.process_count() > 1:
        raise BadInput("a run of several processes needs --out, a folder that all of them see")
    if options.resume:
        earlier = sorted(Path("runs").glob(f"{study}-*"))
        if not earlier:
            raise BadInput(f"there is no run to resume: runs/ has no {study}-*; --out names the folder")
        return earlier[-1]
    stem = Path("runs") / f"{study}-{time.strftime('%Y%m%d-%H%M%S')}"
    return next(p for p in (stem, *(Path(f"{stem}-{n}") for n in range(2, 99))) if not p.exists())


def _lock(folder: Path) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)  # the lock ends with the process
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        raise BadInput(f"the run folder {folder} is in use by another process; choose another --out") from None
    return handle


def _short(value: Any) -> str:
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file atomically."""
    part = path.with_name(path.name + ".part")
    part.write_bytes(content.encode() if isinstance(content, str) else content)
    part.replace(path)


class Metrics:
    """One record per round, as lines of JSON and as TensorBoard events; only the first process writes."""

    def __init__(self, folder: Path, history: list[dict[str, Any]], tensorboard: bool):
        self.history = list(history)
        self._file = self._events = None
        if not is_first():
            return
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / "metrics.jsonl", "".join(json.dumps(record) + "\n" for record in history))
        self._file = (folder / "metrics.jsonl").open("a")
        if tensorboard:
            from tensorboardX import SummaryWriter

            self._events = SummaryWriter(str(folder), purge_step=history[-1]["step"] + 1 if history else None)

    def write(self, record: dict[str, Any]) -> None:
        self.history.append(record)
        if self._file:
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()
        if self._events:
            for name, value in record.items():
                if isinstance(value, (int, float)) and name not in ("round", "step"):
                    self._events.add_scalar(name, value, record["step"])
            self._events.flush()

    def close(self) -> None:
        for writer in (self._file, self._events):
            if writer:
                writer.close()
