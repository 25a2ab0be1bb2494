"""Checkpoints through Orbax, written in the background: the last two and the best are kept."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax

from jaxact_examples.options import Stopped


class Checkpoints:
    """The checkpoints of one run: state on the devices, and a JSON record of everything else."""

    def __init__(self, folder: Path, best: str, highest: bool):
        import orbax.checkpoint as ocp
        from orbax.checkpoint.checkpoint_managers import preservation_policy as keep

        logging.getLogger("absl").setLevel(logging.CRITICAL)  # Orbax logs what it also raises
        self._folder = folder
        self._args = ocp.args
        self._manager = ocp.CheckpointManager(
            folder.absolute(),
            options=ocp.CheckpointManagerOptions(
                preservation_policy=keep.AnyPreservationPolicy(
                    [keep.LatestN(2), keep.BestN(get_metric_fn=lambda m: m[best], reverse=not highest, n=1)]
                ),
                cleanup_tmp_directories=True,
            ),
        )

    def save(self, step: int, state: Any, record: dict[str, Any], metrics: dict[str, float]) -> None:
        """Copy the state off the devices, and write it in a thread."""
        args = self._args.Composite(state=self._args.StandardSave(state), record=self._args.JsonSave(record))
        with self._writing():
            self._manager.save(step, args=args, metrics=metrics)

    def restore(self, state: Any) -> tuple[Any, dict[str, Any]] | None:
        """State and record of the newest complete checkpoint; broken ones are deleted."""
        abstract = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype, sharding=x.sharding), state)
        args = self._args.Composite(state=self._args.StandardRestore(abstract), record=self._args.JsonRestore())
        for step in sorted(self._manager.all_steps(), reverse=True):
            try:
                found = self._manager.restore(step, args=args)
                return found.state, found.record
            except Exception as error:  # Orbax and TensorStore raise many kinds for a file cut short
                reason = str(error).partition("\n")[0][:200]
                logging.getLogger(__name__).warning("checkpoint %s is broken (%s), trying the one before", step, reason)
                self._manager.delete(step)
        return None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # of this checkpoint or, as it is written in the background, of the one before
            reason = str(error).partition("\n")[0][:200]
            raise Stopped(
                f"a checkpoint cannot be written ({reason}); see to the disk of {self._folder}, "
                "then the same command with --resume goes on from the last whole one"
            ) from None

    @property
    def latest(self) -> int | None:
        """Step of the newest checkpoint."""
        return self._manager.latest_step()

    def wait(self) -> None:
        """Block until all is on disk."""
        with self._writing():
            self._manager.wait_until_finished()

    def close(self) -> None:
        self._manager.close()
