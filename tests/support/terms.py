"""Terms that may cancel, by what parameters are: an error is counted in ulps of the largest of them.

``TERMS[name][what](x, **parameters)`` is the size of a term of the value, the slope, the curvature, or the slope in a
parameter; it is no larger than the result where nothing cancels.
"""

import numpy as np
from scipy.special import erf


def _gate(x, alpha):
    return np.abs(alpha) * np.abs(x)


_EXPANDED = {"value": _gate, "slope": lambda x, alpha: np.abs(alpha) + 0 * x}
_APTX = {
    "value": lambda x, alpha, beta, gamma: np.abs(gamma * (alpha - 1) * x),
    "slope": lambda x, alpha, beta, gamma: np.abs(gamma * (alpha - 1)) + 0 * x,
    "gamma": lambda x, alpha, beta, gamma: np.abs((alpha - 1) * x),
}


def _sigmoid(x):
    return 1 / (1 + np.exp(-np.clip(x, -700, 700)))


TERMS = {
    "acon_c": {
        "value": lambda x, p1, p2, beta: np.abs(p2 * x),
        "slope": lambda x, p1, p2, beta: np.abs(p2) + 0 * x,
    },
    "aptx": _APTX,
    "derf": {"value": lambda x, alpha, s, gamma, beta: np.abs(beta) + 0 * x},
    "dyt": {"value": lambda x, alpha, gamma, beta: np.abs(beta) + 0 * x},
    "erf_act": {"slope": lambda x, alpha, beta: np.abs(erf(alpha * np.exp(np.minimum(beta * x, 700))))},
    "pserf": {"slope": lambda x, gamma, delta: np.abs(erf(gamma * np.logaddexp(0, delta * x)))},
    "sinlu": {"slope": lambda x, a, b: np.maximum(1, np.abs(a * b)) * _sigmoid(x)},
    "smu": {
        "value": lambda x, alpha, mu: np.abs((1 + alpha) * x / 2),
        "slope": lambda x, alpha, mu: np.abs(1 + alpha) / 2 + 0 * x,
    },
    "snake_beta": {
        "slope": lambda x, alpha, beta: np.maximum(1, np.exp(alpha - beta)) + 0 * x,
        "alpha": lambda x, alpha, beta: np.abs(x) * np.exp(alpha - beta),
        "beta": lambda x, alpha, beta: np.exp(-beta) + 0 * x,
    },
    "soft_clipping": {  # for x <= 1/2, the other half is its mirror image
        "alpha": lambda x, alpha: np.abs(np.minimum(x, 1 - x)) * _sigmoid(alpha * np.minimum(x, 1 - x)) / alpha
    },
    "tanh_soft": {
        "slope": lambda x, alpha: np.abs(np.tanh(alpha * x)) * _sigmoid(x),
        "curvature": lambda x, alpha: np.abs(np.tanh(alpha * x)) * _sigmoid(x) * _sigmoid(-x),
    },
    "xatlu": _EXPANDED,
    "xgelu": _EXPANDED,
    "xielu": {
        "value": lambda x, alpha_p, alpha_n, beta: np.abs(beta * x),
        "slope": lambda x, alpha_p, alpha_n, beta: np.abs(beta) + 0 * x,
    },
    "xsilu": _EXPANDED,
}


def largest(name, what, x, parameters):
    """Size of the largest term that is listed, 0 where there is none."""
    term = TERMS.get(name, {}).get(what)
    x = np.asarray(x, np.float64)
    with np.errstate(over="ignore", invalid="ignore"):
        return np.zeros(x.shape) if term is None else term(x, **parameters)
