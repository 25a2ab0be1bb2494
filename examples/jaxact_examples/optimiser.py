"""AdamW with warm-up, cosine decay and clipping, all Optax; weight decay leaves activations and biases alone."""

from __future__ import annotations

from typing import Any

import jax
import optax

import jaxact
from jaxact_examples.options import BadInput, Training


def make_schedule(options: Training, steps: int) -> optax.Schedule:
    """Learning rate by step: a linear rise, then half a cosine down to zero, or a constant."""
    if not 0 <= options.warm_up <= 1:
        raise BadInput(f"--warm-up is the part of the run spent rising, from 0 to 1, got {options.warm_up}")
    rise = round(options.warm_up * steps)
    start = 0.0 if rise else options.learning_rate
    if options.schedule == "cosine":
        return optax.warmup_cosine_decay_schedule(start, options.learning_rate, rise, max(steps, rise + 1))
    return optax.schedules.join_schedules(
        [optax.linear_schedule(start, options.learning_rate, rise), optax.constant_schedule(options.learning_rate)],
        [rise],
    )


def decay_mask(params: Any) -> Any:
    """Weight decay is for kernels and embeddings: not for learnable activations, biases and scales."""
    return jax.tree_util.tree_map_with_path(
        lambda path, keep: keep and path[-1].key in ("kernel", "embedding"), jaxact.decay_mask(params)
    )


def make_optimiser(options: Training, steps: int) -> optax.GradientTransformation:
    return optax.chain(
        optax.clip_by_global_norm(options.clip),
        optax.adamw(make_schedule(options, steps), weight_decay=options.weight_decay, mask=decay_mask),
    )
