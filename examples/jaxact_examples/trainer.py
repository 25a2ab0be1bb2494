"""The loop of training, the same for every study: several steps in each compiled call, then an evaluation."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from jax.sharding import Mesh

from jaxact_examples import memory
from jaxact_examples.checkpoint import Checkpoints
from jaxact_examples.data import Calls, stream
from jaxact_examples.mesh import place
from jaxact_examples.options import Stopped, Training
from jaxact_examples.progress import progress_bar, say
from jaxact_examples.run import Metrics
from jaxact_examples.study import State, Study


def several(step: Callable[..., tuple[State, jax.Array]]) -> Callable[..., tuple[State, jax.Array]]:
    """A function of a state and stacked batches that takes the first ``count`` steps, and returns their losses."""

    def steps(state: State, batches: Any, count: Any, *held: Any) -> tuple[State, jax.Array]:
        def batch(i: Any) -> Any:
            return jax.tree.map(lambda a: lax.dynamic_index_in_dim(a, i, keepdims=False), batches)

        def one(i: Any, carry: tuple[State, jax.Array]) -> tuple[State, jax.Array]:
            state, losses = carry
            state, loss = step(state, batch(i), *held)
            return state, losses.at[i].set(loss)

        loss = jax.eval_shape(lambda: step(state, batch(0), *held)[1])
        losses = jnp.zeros((len(jax.tree.leaves(batches)[0]), *loss.shape), loss.dtype)
        return lax.fori_loop(0, count, one, (state, losses))

    return steps


def train(label: str, study: Study, options: Training, mesh: Mesh, folder: Path) -> tuple[State, list[dict[str, Any]]]:
    """Train from the last checkpoint, or from the start, to the end of the plan.

    Returns the last state and the record of every round.
    """
    plan, state = study.plan, study.start(options.seed, mesh)
    calls = Calls(study.batches, plan.rounds, plan.steps)
    batches = stream(calls)
    checkpoints = Checkpoints(folder / "checkpoints", plan.best, plan.highest)
    history: list[dict[str, Any]] = []
    if options.resume and (found := checkpoints.restore(state)):
        state, record = found
        batches.set_state(record["position"])
        history = record["history"]
        say(f"{label}: goes on from step {history[-1]['step']}")
    metrics = Metrics(folder, history, options.tensorboard)
    # Keep the layout of the state, which the compiler might otherwise change.
    layout = jax.tree.map(lambda x: x.sharding, state)
    compiled = jax.jit(several(study.step), donate_argnums=0, out_shardings=(layout, None))

    def check(first: int, count: int, losses: jax.Array) -> np.ndarray:
        """The losses of the ``count`` steps after ``first``, each the mean over the seeds where there are several."""
        with jax.transfer_guard_device_to_host("allow"):
            values = np.asarray(losses)[:count]
        values = values.reshape(count, -1).mean(1)
        for step, value in enumerate(values, first + 1):
            if not math.isfinite(value):
                good = checkpoints.latest
                last = "there is no checkpoint yet" if good is None else f"the last good checkpoint is of step {good}"
                raise Stopped(f"{label}: the loss is {value} at step {step}; {last}")
        return values

    try:
        with progress_bar(label, plan.rounds * plan.steps, len(history) * plan.steps) as (bar, task):
            bar.update(task, unit=plan.unit)
            for number in range(len(history), plan.rounds):
                start, total, seen, done = time.perf_counter(), 0.0, 0.0, 0
                waiting: list[tuple[jax.Array, np.ndarray]] = []
                with jax.transfer_guard("disallow"):
                    for call in range(calls.per_round):
                        several_batches, weights = next(batches)
                        traced = options.profile and call == min(1, calls.per_round - 1) and number == len(history)
                        trace = jax.profiler.trace(str(folder / "profile")) if traced else contextlib.nullcontext()
                        # One device needs no sharding.
                        with jax.transfer_guard_host_to_device("allow"), trace:
                            ready = several_batches if mesh.size == 1 else place(mesh, several_batches, lead=1)
                            state, losses = compiled(state, ready, np.int32(len(weights)), *study.held)
                            if traced:
                                jax.block_until_ready(losses)
                        losses.copy_to_host_async()
                        waiting.append((losses, weights))
                        # Losses are read one call late, so that the devices never wait for the host.
                        while len(waiting) > (call < calls.per_round - 1):
                            losses, weights = waiting.pop(0)
                            values = check(number * plan.steps + done, len(weights), losses)
                            total, seen, done = total + values @ weights, seen + weights.sum(), done + len(weights)
                            rate = plan.samples * done / plan.steps / (time.perf_counter() - start)
                            bar.update(task, advance=len(weights), loss=values[-1], rate=rate)
                    measured = study.evaluate(state.params)
                record = {
                    "round": number + 1,
                    "step": (number + 1) * plan.steps,
                    "train_loss": float(total / seen),
                    **measured,
                    f"{plan.unit}_per_second": round(rate, 1),
                    "peak_megabytes": memory.peak_megabytes(mesh),
                }
                metrics.write(record)
                extra = {"position": batches.get_state(), "history": metrics.history}
                checkpoints.save(record["step"], state, extra, measured)
        checkpoints.wait()
    finally:
        metrics.close()
        checkpoints.close()
    return state, metrics.history
