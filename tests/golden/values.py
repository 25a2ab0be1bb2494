"""Writes values.npz: what the functions behind the names in names.json return at their defaults.

    pip install keras timm torch transformers
    python tests/golden/values.py

Keys are library and name, ``x`` the argument, ``written with`` the versions. Random functions are left out, and what
is no function of one array.
"""

import importlib.metadata
import json
import os
from pathlib import Path

os.environ["KERAS_BACKEND"] = "torch"

import keras
import numpy as np
import timm.layers
import torch
from transformers.activations import ACT2FN

HERE = Path(__file__).parent
LEFT_OUT = {"gelu_10", "gumbel_softmax", "rrelu", "MultiheadAttention", "RReLU", "Softmax2d"}
LEFT_OUT |= {"sparsemax"}  # of Keras up to 3.15: wrong where several entries are above 0
# Arguments that have no default there: jaxact's.
FUNCTION = {"prelu": (torch.tensor(0.25),), "threshold": (1.0, 0.0)}
LAYER = {"Threshold": (1.0, 0.0), "Softmax": (-1,), "Softmin": (-1,), "LogSoftmax": (-1,)}
ALONG = {"softmax", "softmin", "log_softmax"}


def of_torch(name, x):
    if name[0].isupper():
        return getattr(torch.nn, name)(*LAYER.get(name, ()))(x)
    return getattr(torch.nn.functional, name)(x, *FUNCTION.get(name, ()), **({"dim": -1} if name in ALONG else {}))


def of_transformers(name, x):
    layer = ACT2FN[name]
    return (type(layer)(dtype=torch.float32) if name == "xielu" else layer)(x)  # whose parameters are bfloat16


VALUE = {
    "keras": lambda name, x: keras.activations.get(name)(x, *FUNCTION.get(name, ())),
    "timm": lambda name, x: timm.layers.get_act_layer(name)()(x),
    "torch": of_torch,
    "transformers": of_transformers,
}


def main():
    x = np.linspace(-20, 20, 82, dtype=np.float32)
    found = json.loads((HERE / "names.json").read_text())
    with torch.no_grad():
        values = {
            f"{library}/{name}": VALUE[library](name, torch.tensor(x)).numpy()
            for library in found
            for name in found[library]["names"]
            if name not in LEFT_OUT
        }
    versions = ", ".join(f"{library} {importlib.metadata.version(library)}" for library in found)
    np.savez_compressed(HERE / "values.npz", x=x, **{"written with": versions}, **values)


if __name__ == "__main__":
    main()
