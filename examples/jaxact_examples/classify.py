"""What classifiers share: the loss, and the evaluation on every sample."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from flax import linen as nn
from jax.sharding import Mesh

from jaxact_examples.data import Batches, Images
from jaxact_examples.mesh import place


def pixels(batch: Any, peak: float) -> jax.Array:
    """Images of a batch as floats from 0 to 1."""
    return batch["image"].astype("float32") / peak


def make_initial(model: Any, data: Images) -> Callable[[jax.Array], Any]:
    """A function of a key: the first parameters of a model of these images."""
    image = np.zeros((1, *data.train["image"].shape[1:]), "float32")
    return lambda key: model.init(key, image)["params"]


def make_loss(model: nn.Module, peak: float) -> Callable[[Any, Any, jax.Array], jax.Array]:
    """Mean cross-entropy of a batch; samples of weight 0 do not count."""

    def loss(params: Any, batch: Any, key: jax.Array) -> jax.Array:
        logits = model.apply({"params": params}, pixels(batch, peak), train=True, rngs={"activation": key})
        each = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
        return jnp.sum(each * batch["weight"]) / jnp.sum(batch["weight"])

    return loss


def sums(model: nn.Module, params: Any, batch: Any, peak: float) -> tuple[jax.Array, jax.Array]:
    """Sum of the loss, and number of right answers, over the samples that count."""
    logits = model.apply({"params": params}, pixels(batch, peak))
    each = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
    right = logits.argmax(-1) == batch["label"]
    return jnp.sum(each * batch["weight"]), jnp.sum(right * batch["weight"])


def make_evaluation(model: nn.Module, data: Images, size: int, mesh: Mesh) -> Callable[[Any], dict[str, float]]:
    """Loss and accuracy over every test sample, which stay on the devices between rounds."""
    batches = Batches(data.test, min(size, len(data.test["label"]) // mesh.size * mesh.size or mesh.size), seed=None)
    held = [place(mesh, batches[i]) for i in range(len(batches))]

    @jax.jit
    def measure(params: Any, batch: Any) -> jax.Array:
        return jnp.stack(sums(model, params, batch, data.peak))

    def evaluate(params: Any) -> dict[str, float]:
        loss, right = jax.device_get(functools.reduce(jnp.add, (measure(params, batch) for batch in held)))
        return {"test_loss": float(loss) / batches.samples, "test_accuracy": float(right) / batches.samples}

    return evaluate
