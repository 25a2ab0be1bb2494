"""The multi-layer perceptron of train.py in Flax NNX, behind the ``init`` and ``apply`` of its linen twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
from flax import linen as nn
from flax import nnx

import jaxact
from jaxact_examples.activations import PREFIX, module_of


class MLP(nnx.Module):
    """Its layers are named as in linen, so that parameters and checkpoints move from one to the other."""

    def __init__(self, activation: str, sizes: tuple[int, ...], dtype: Any, rngs: nnx.Rngs):
        module = module_of(jaxact.nnx, activation)
        self.layers = len(sizes) - 1
        for i in range(self.layers):
            setattr(self, f"Dense_{i}", nnx.Linear(*sizes[i : i + 2], dtype=dtype, rngs=rngs))
            if i < self.layers - 1:
                setattr(self, f"{PREFIX}_{i}", jaxact.get(activation) if module is None else module(rngs=rngs))

    def __call__(self, x: jax.Array) -> jax.Array:
        x = x.reshape(len(x), -1)
        for i in range(self.layers):
            x = getattr(self, f"Dense_{i}")(x)
            if i < self.layers - 1:
                x = getattr(self, f"{PREFIX}_{i}")(x)
        return x.astype("float32")


class AsLinen:
    """An NNX model as a function of its parameters, which start as those of its twin in linen do.

    Args:
      make: the model from its random streams.
      twin: the linen model.
    """

    def __init__(self, make: Callable[[nnx.Rngs], nnx.Module], twin: nn.Module):
        self._make, self._twin = make, twin

    def init(self, key: jax.Array, x: Any) -> dict[str, Any]:
        """The parameters of the twin."""
        return dict(self._twin.init(key, x))

    def apply(self, variables: Any, x: jax.Array, train: bool = False, rngs: Any = None) -> jax.Array:
        """The result for these parameters; the stream ``activation`` of ``rngs`` draws what is random."""
        drawn = nnx.Rngs(params=0, **(rngs or {"activation": 0}))
        model = self._make(drawn)
        nnx.update(model, variables["params"])
        if train:
            model.train()
        else:
            model.eval()
        return model(x)
