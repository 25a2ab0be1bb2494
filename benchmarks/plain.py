"""What a researcher would type without jaxact: each activation as a plain line of ``jnp`` and ``jax.nn``.

The lines follow the formulas of the docstrings, and have their parameters and defaults. Where JAX itself has the
function, the line is that function. They are neither tuned nor slowed down, and are as wrong in the tails as such lines
are. ``speed.py`` measures against them.

``LINES`` has every elementwise activation, ``OTHERS`` gated ones and those of a whole row, where a line says it all.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import jax.numpy as jnp
from jax import lax, nn
from jax.scipy.special import erf


def power_gate(x, m):
    a = jnp.where(x > 0, x, 1)  # the gradient of a power of negative numbers is NaN
    return jnp.where(x > 0, a ** (m / (jnp.sqrt(a) + 1)), x) * nn.sigmoid(x)


def soft_exponential(x, alpha=0.0):
    a = jnp.where(alpha == 0, 1.0, alpha)
    log, exp = -jnp.log(1 - a * (x + a)) / a, jnp.expm1(a * x) / a + a
    return jnp.where(alpha == 0, x, jnp.where(alpha < 0, log, exp))


def sugar(x, alpha=1.67):
    smooth = (x + alpha) * nn.sigmoid(x) - alpha / 2
    return smooth - lax.stop_gradient(smooth) + lax.stop_gradient(nn.relu(x))


def xatlu(x, alpha=0.0):
    gate = (jnp.arctan(x) + math.pi / 2) / math.pi
    return x * (gate * (1 + 2 * alpha) - alpha)


def xgelu(x, alpha=0.0):
    gate = 0.5 * (1 + erf(x / math.sqrt(2)))
    return x * (gate * (1 + 2 * alpha) - alpha)


def xielu(x, alpha_p=0.20338232081102456, alpha_n=-1.0502256128148466, beta=0.5):
    a_p, a_n = nn.softplus(alpha_p), beta + nn.softplus(alpha_n)
    return jnp.where(x > 0, a_p * x * x + beta * x, a_n * (jnp.expm1(jnp.minimum(x, 0)) - x) + beta * x)


LINES: dict[str, Callable] = {
    "acon_c": lambda x, p1=1.0, p2=0.0, beta=1.0: (p1 - p2) * x * nn.sigmoid(beta * (p1 - p2) * x) + p2 * x,
    "aptx": lambda x, alpha=1.0, beta=1.0, gamma=0.5: (alpha + jnp.tanh(beta * x)) * gamma * x,
    "arelu": lambda x, alpha=0.9, beta=2.0: x * jnp.where(x >= 0, 1 + nn.sigmoid(beta), jnp.clip(alpha, 0.01, 0.99)),
    "atan": jnp.arctan,
    "bent_identity": lambda x: (jnp.sqrt(x**2 + 1) - 1) / 2 + x,
    "celu": nn.celu,
    "colu": lambda x: x / (1 - x * jnp.exp(-(x + jnp.exp(x)))),
    "cosine": jnp.cos,
    "derf": lambda x, alpha=0.5, s=0.0, gamma=1.0, beta=0.0: gamma * erf(alpha * x + s) + beta,
    "dyt": lambda x, alpha=0.5, gamma=1.0, beta=0.0: gamma * jnp.tanh(alpha * x) + beta,
    "e_swish": lambda x, beta=1.375: beta * x * nn.sigmoid(x),
    "elish": lambda x: jnp.where(x >= 0, x, jnp.expm1(x)) * nn.sigmoid(x),
    "elu": nn.elu,
    "erf": erf,
    "erf_act": lambda x, alpha=0.75, beta=0.75: x * erf(alpha * jnp.exp(beta * x)),
    "exponential": jnp.exp,
    "ftswish": lambda x, threshold=-0.2: nn.relu(x) * nn.sigmoid(x) + threshold,
    "gaussian": lambda x: jnp.exp(-(x**2)),
    "gcu": lambda x: x * jnp.cos(x),
    "gelu": nn.gelu,
    "gelu_exact": lambda x: nn.gelu(x, approximate=False),
    "gelu_tanh": lambda x: nn.gelu(x, approximate=True),
    "gish": lambda x: x * jnp.log(2 - jnp.exp(-jnp.exp(x))),
    "golu": lambda x: x * jnp.exp(-jnp.exp(-x)),
    "hard_elish": lambda x: jnp.where(x >= 0, x, jnp.expm1(x)) * jnp.clip((x + 1) / 2, 0, 1),
    "hard_mish": lambda x: x / 2 * jnp.clip(x + 2, 0, 2),
    "hard_shrink": lambda x, lambd=0.5: jnp.where(jnp.abs(x) > lambd, x, 0),
    "hard_sigmoid": nn.hard_sigmoid,
    "hard_silu": nn.hard_silu,
    "hard_tanh": nn.hard_tanh,
    "hosc": lambda x, beta=1.0, w0=30.0: jnp.tanh(beta * jnp.sin(w0 * x)),
    "identity": nn.identity,
    "isrlu": lambda x, alpha=1.0: jnp.where(x >= 0, x, x / jnp.sqrt(1 + alpha * x**2)),
    "isru": lambda x, alpha=1.0: x / jnp.sqrt(1 + alpha * x**2),
    "laplace": lambda x, mu=0.707107, sigma=0.282095: 0.5 * (1 + erf((x - mu) / (sigma * math.sqrt(2)))),
    "leaky_relu": nn.leaky_relu,
    "leaky_tanh": lambda x, max_val=3.0: jnp.where(
        jnp.abs(x) <= max_val,
        jnp.tanh(x),
        jnp.sign(x) * (jnp.tanh(max_val) + (jnp.abs(x) - max_val) * (1 - jnp.tanh(max_val) ** 2)),
    ),
    "lisht": lambda x: x * jnp.tanh(x),
    "log_cosh": lambda x: jnp.abs(x) + jnp.log1p(jnp.exp(-2 * jnp.abs(x))) - math.log(2),
    "log_sigmoid": nn.log_sigmoid,
    "logish": lambda x: x * jnp.log1p(nn.sigmoid(x)),
    "mish": nn.mish,
    "mpelu": lambda x, alpha=1.0, beta=1.0: jnp.where(x > 0, x, alpha * jnp.expm1(beta * x)),
    "nlrelu": lambda x, beta=1.0: jnp.log1p(beta * nn.relu(x)),
    "pelu": lambda x, alpha=1.0, beta=1.0: jnp.where(x >= 0, alpha / beta * x, alpha * jnp.expm1(x / beta)),
    "penalized_tanh": lambda x, alpha=0.25: jnp.where(x >= 0, jnp.tanh(x), alpha * jnp.tanh(x)),
    "phish": lambda x: x * jnp.tanh(nn.gelu(x, approximate=False)),
    "powlu": lambda x, m=3.0: x * power_gate(x, m),
    "prelu": lambda x, negative_slope=0.25: jnp.where(x >= 0, x, negative_slope * x),
    "pserf": lambda x, gamma=1.25, delta=0.85: x * erf(gamma * nn.softplus(delta * x)),
    "quick_gelu": lambda x: x * nn.sigmoid(1.702 * x),
    "relu": nn.relu,
    "relu6": nn.relu6,
    "relu_squared": lambda x: jnp.square(nn.relu(x)),
    "selu": nn.selu,
    "serf": lambda x: x * erf(nn.softplus(x)),
    "shifted_relu": lambda x: jnp.maximum(x, -1),
    "shifted_softplus": lambda x: nn.softplus(x) - math.log(2),
    "sigmoid": nn.sigmoid,
    "signed_hyperbolic": lambda x, eps=1e-3: jnp.sign(x) * (jnp.sqrt(jnp.abs(x) + 1) - 1) + eps * x,
    "signed_parabolic": lambda x, eps=1e-3: (
        jnp.sign(x) * (((jnp.sqrt(1 + 4 * eps * (jnp.abs(x) + 1 + eps)) - 1) / (2 * eps)) ** 2 - 1)
    ),
    "silu": nn.silu,
    "sine": lambda x, w0=30.0: jnp.sin(w0 * x),
    "sinlu": lambda x, a=1.0, b=1.0: (x + a * jnp.sin(b * x)) * nn.sigmoid(x),
    "smish": lambda x: x * jnp.tanh(jnp.log1p(nn.sigmoid(x))),
    "smu": lambda x, alpha=0.01, mu=2.5: ((1 + alpha) * x + (1 - alpha) * x * erf(mu * (1 - alpha) * x)) / 2,
    "snake": lambda x, alpha=1.0: x + jnp.sin(alpha * x) ** 2 / alpha,
    "snake_beta": lambda x, alpha=0.0, beta=0.0: x + jnp.sin(jnp.exp(alpha) * x) ** 2 / jnp.exp(beta),
    "soft_clipping": lambda x, alpha=1.0: (nn.softplus(alpha * x) - nn.softplus(alpha * (x - 1))) / alpha,
    "soft_exponential": soft_exponential,
    "soft_shrink": lambda x, lambd=0.5: jnp.where(x > lambd, x - lambd, jnp.where(x < -lambd, x + lambd, 0)),
    "soft_sign": nn.soft_sign,
    "softcap": lambda x, cap=30.0: cap * jnp.tanh(x / cap),
    "softplus": nn.softplus,
    "sparse_plus": nn.sparse_plus,
    "sparse_sigmoid": nn.sparse_sigmoid,
    "sqnl": lambda x: jnp.where(jnp.abs(x) > 2, jnp.sign(x), x - x * jnp.abs(x) / 4),
    "sqrt_softplus": lambda x: jnp.sqrt(nn.softplus(x)),
    "squareplus": nn.squareplus,
    "srelu": lambda x, t_l=0.0, a_l=0.2, t_r=1.0, a_r=1.0: jnp.where(
        x >= t_r, t_r + a_r * (x - t_r), jnp.where(x > t_l, x, t_l + a_l * (x - t_l))
    ),
    "star_relu": lambda x, s=0.8944, b=-0.4472: s * nn.relu(x) ** 2 + b,
    "sugar": sugar,
    "suish": lambda x: jnp.maximum(x, x * jnp.exp(-jnp.abs(x))),
    "swish": lambda x, beta=1.0: x * nn.sigmoid(beta * x),
    "symexp": lambda x: jnp.sign(x) * jnp.expm1(jnp.abs(x)),
    "symlog": lambda x: jnp.sign(x) * jnp.log1p(jnp.abs(x)),
    "tanh": jnp.tanh,
    "tanh_exp": lambda x: x * jnp.tanh(jnp.exp(x)),
    "tanh_shrink": lambda x: x - jnp.tanh(x),
    "tanh_soft": lambda x, alpha=0.87: jnp.tanh(alpha * x) * nn.softplus(x),
    "threshold": lambda x, threshold=1.0, value=0.0: jnp.where(x > threshold, x, value),
    "tlu": lambda x, tau=0.0: jnp.maximum(x, tau),
    "xatlu": xatlu,
    "xgelu": xgelu,
    "xielu": xielu,
    "xsilu": lambda x, alpha=0.0: x * (nn.sigmoid(x) * (1 + 2 * alpha) - alpha),
}


def clipped_swiglu(gate, value, limit=7.0, alpha=1.702, offset=1.0):
    gate = jnp.minimum(gate, limit)
    return gate * nn.sigmoid(alpha * gate) * (jnp.clip(value, -limit, limit) + offset)


def poly_norm(x, weights=(1 / 3, 1 / 3, 1 / 3), bias=0.0, axis=-1, eps=1e-6):
    powers = [x ** (i + 1) for i in range(len(weights))]
    norms = [jnp.sqrt(jnp.mean(p**2, axis, keepdims=True) + eps) for p in powers]
    return bias + sum(w * p / n for w, p, n in zip(weights, powers, norms, strict=True))


def max_min(x):
    a, b = jnp.split(x, 2, -1)
    return jnp.concatenate([jnp.maximum(a, b), jnp.minimum(a, b)], -1)


def householder(x, theta=math.pi / 2):
    a, b = jnp.split(x, 2, -1)
    c, s = math.cos(theta), math.sin(theta)
    kept = a * math.sin(theta / 2) >= b * math.cos(theta / 2)
    return jnp.concatenate([jnp.where(kept, a, c * a + s * b), jnp.where(kept, b, s * a - c * b)], -1)


OTHERS: dict[str, Callable] = {
    "bilinear": lambda gate, value: gate * value,
    "clipped_swiglu": clipped_swiglu,
    "crelu": lambda x, axis=-1: jnp.concatenate([nn.relu(x), nn.relu(-x)], axis),
    "drelu_glu": lambda gate, value: nn.relu(gate) * nn.relu(value),
    "geglu": lambda gate, value, approximate=True: nn.gelu(gate, approximate=approximate) * value,
    "glu": nn.glu,
    "log_softmax": nn.log_softmax,
    "group_sort": lambda x, size=2: jnp.sort(x.reshape(*x.shape[:-1], -1, size)).reshape(x.shape),
    "householder": householder,
    "max_min": max_min,
    "maxout": lambda x, pieces=2: x.reshape(*x.shape[:-1], -1, pieces).max(-1),
    "mishglu": lambda gate, value: nn.mish(gate) * value,
    "poly_norm": poly_norm,
    "powglu": lambda gate, value, m=3.0: power_gate(gate, m) * value,
    "reglu": lambda gate, value: nn.relu(gate) * value,
    "simnorm": lambda x, dim=8: nn.softmax(x.reshape(*x.shape[:-1], -1, dim)).reshape(x.shape),
    "situ_glu": lambda gate, value, beta1=4.0, beta2=25.0: (
        beta1 * jnp.tanh(gate / beta1) * nn.sigmoid(gate) * (beta2 * jnp.tanh(value / beta2))
    ),
    "softmax": nn.softmax,
    "softmax_one": lambda x, axis=-1, sink=0.0: jnp.exp(x - jnp.logaddexp(sink, nn.logsumexp(x, axis, keepdims=True))),
    "softmin": lambda x, axis=-1: nn.softmax(-x, axis),
    "solu": lambda x, axis=-1: x * nn.softmax(x, axis),
    "sreglu": lambda gate, value: jnp.square(nn.relu(gate)) * value,
    "swiglu": lambda gate, value: nn.silu(gate) * value,
    "swiglu_step": lambda gate, value, limit=7.0: jnp.minimum(nn.silu(gate), limit) * jnp.clip(value, -limit, limit),
}
