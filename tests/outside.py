"""Run a test file of another library with jaxact in the place of its activations.

    python tests/outside.py nn_test.py jax.nn
    python tests/outside.py activations_test.py keras.src.activations
    python tests/outside.py linen_activation_test.py flax.linen
    python tests/outside.py activations_test.py flax.linen flax.nnx

The file is taken from the repository of the library, in the version that is installed. What is known to fail is
expected to.
"""

import contextlib
import fnmatch
import importlib
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "jax")

import pytest

import jaxact

KNOWN = {
    "testSoftmaxGradFlag": "of a setting of JAX: how many arrays its own softmax keeps",
    "test_get_method": "of Keras' own objects",
    "test_gelu": "jaxact.gelu_exact takes no approximate=True: that is gelu_tanh",
    "test_relu_*": "jaxact.relu takes no arguments: see leaky_relu, relu6 and threshold",
    "test_negative_slope_init": "PReLU starts at 0.25, as in its paper",
}


def replace(place):
    """Put jaxact's functions, and for Flax its modules, in a module of the library."""
    module, library = importlib.import_module(place), place.partition(".")[0]
    modules = importlib.import_module(place.replace("flax", "jaxact")) if library == "flax" else None
    for name in dir(module):
        if name in getattr(modules, "__all__", ()):
            setattr(module, name, getattr(modules, name))
        elif name.islower():
            with contextlib.suppress(KeyError):
                setattr(module, name, jaxact.get(name, library))


class Expected:
    def pytest_collection_modifyitems(self, items):
        for item in items:
            for name, reason in KNOWN.items():
                if fnmatch.fnmatch(item.name, name):
                    item.add_marker(pytest.mark.xfail(strict=True, reason=reason))


if __name__ == "__main__":
    file, *places = sys.argv[1:]
    for place in places:
        replace(place)
    sys.exit(pytest.main(["-c", os.devnull, "-q", "-rx", "-p", "no:cacheprovider", file], [Expected()]))
