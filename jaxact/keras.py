"""Keras with JAX as its backend: have it save and load models with the activations of jaxact."""

from __future__ import annotations

import importlib

import jaxact

__all__ = ["register"]


def register() -> None:
    """Register all activations with Keras, under names like ``"jaxact>leaky_relu"``.

    Keras saves a plain function by its bare name, and loads its own function of that name: ``leaky_relu`` with another
    slope, ``gelu`` in another form. Registered ones are loaded as what they are. Call it once before a model is saved,
    loaded or cloned; calling it again does no harm.

    Raises:
      ImportError: Keras is not installed.

    Examples:
      >>> import jaxact, keras  # doctest: +SKIP
      >>> jaxact.keras.register()  # doctest: +SKIP
      >>> layer = keras.layers.Dense(8, activation=jaxact.leaky_relu)  # doctest: +SKIP
    """
    try:
        saving = importlib.import_module("keras.saving")
    except ModuleNotFoundError as error:
        raise ImportError("jaxact.keras needs Keras; install it with: pip install keras") from error
    for record in jaxact.specs():
        saving.register_keras_serializable("jaxact", record.name)(record.function)
