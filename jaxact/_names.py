"""The names that other libraries have for the activations of jaxact, so that configuration files for them resolve.

A name that is spelled and means the same is left out. Values are names of jaxact, with arguments where the other
library's defaults differ.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

Meaning = str | tuple[str, Mapping[str, Any]]

_PUBLISHED = {
    "cos": "cosine",
    "hard_swish": "hard_silu",
    "linear": "identity",
    "logistic": "sigmoid",
    "logsoftmax": "log_softmax",
    "pau": "rational",
    "relu2": "relu_squared",
    "softmax1": "softmax_one",
    "swish_1": "silu",
    "tanhexp": "tanh_exp",
    "telu": "tanh_exp",
    "thresholded_relu": "threshold",
}

_KERAS = {
    "gelu": "gelu_exact",
    "hard_swish": "hard_silu",
    "leaky_relu": ("leaky_relu", {"negative_slope": 0.2}),
    "linear": "identity",
    "softsign": "soft_sign",
    "swish": "silu",
}

_TIMM = {
    "gelu": "gelu_exact",
    "hard_swish": "hard_silu",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_silu",
    "swish": "silu",
}

_TORCH = {  # functions of torch.nn.functional, then classes of torch.nn
    "gelu": "gelu_exact",
    "hardshrink": "hard_shrink",
    "hardsigmoid": "hard_sigmoid",
    "hardswish": "hard_silu",
    "hardtanh": "hard_tanh",
    "logsigmoid": "log_sigmoid",
    "softshrink": "soft_shrink",
    "softsign": "soft_sign",
    "tanhshrink": "tanh_shrink",
    "CELU": "celu",
    "ELU": "elu",
    "GELU": "gelu_exact",
    "GLU": "glu",
    "Hardshrink": "hard_shrink",
    "Hardsigmoid": "hard_sigmoid",
    "Hardswish": "hard_silu",
    "Hardtanh": "hard_tanh",
    "Identity": "identity",
    "LeakyReLU": "leaky_relu",
    "LogSigmoid": "log_sigmoid",
    "LogSoftmax": "log_softmax",
    "Mish": "mish",
    "PReLU": "prelu",
    "RReLU": "rrelu",
    "ReLU": "relu",
    "ReLU6": "relu6",
    "SELU": "selu",
    "SiLU": "silu",
    "Sigmoid": "sigmoid",
    "Softmax": "softmax",
    "Softmin": "softmin",
    "Softplus": "softplus",
    "Softshrink": "soft_shrink",
    "Softsign": "soft_sign",
    "Tanh": "tanh",
    "Tanhshrink": "tanh_shrink",
    "Threshold": "threshold",
}

_TRANSFORMERS = {
    "gelu": "gelu_exact",
    "gelu_accurate": "gelu_tanh",
    "gelu_fast": "gelu_tanh",
    "gelu_new": "gelu_tanh",
    "gelu_python": "gelu_exact",
    "gelu_python_tanh": "gelu_tanh",
    "gelu_pytorch_tanh": "gelu_tanh",
    "hardswish": "hard_silu",
    "linear": "identity",
    "relu2": "relu_squared",
    "sqrtsoftplus": "sqrt_softplus",
    "swish": "silu",
}

_LEVANTER = {"gelu": "gelu_exact", "gelu_new": "gelu_tanh", "relu2": "relu_squared", "swish": "silu"}

_MAXTEXT = {  # and every function of jax.nn
    "hard_swish": "hard_silu",
    "linear": "identity",
    "sqrtsoftplus": "sqrt_softplus",
}

LIBRARIES: Mapping[str, Mapping[str, Meaning]] = MappingProxyType(
    {
        "jax.nn": {"hard_swish": "hard_silu"},
        "keras": _KERAS,
        "levanter": _LEVANTER,
        "maxtext": _MAXTEXT,
        "timm": _TIMM,
        "torch": _TORCH,
        "transformers": _TRANSFORMERS,
    }
)

# Other spellings of a library, and the packages that its functions are defined in.
ALSO: Mapping[str, str] = MappingProxyType({"flax": "jax.nn", "haiku": "jax.nn", "jax": "jax.nn", "pytorch": "torch"})

# For a name that comes without a library: those of papers first, then what the libraries agree on.
ANYWHERE: Mapping[str, str] = MappingProxyType(
    {
        name: meaning
        for table in (*LIBRARIES.values(), _PUBLISHED)
        for name, meaning in table.items()
        if isinstance(meaning, str)
    }
)
