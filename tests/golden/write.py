"""Write what PyTorch returns for the functions it shares with jaxact, where PyTorch is right.

    python tests/golden/write.py

needs PyTorch besides the test extra. Points at which PyTorch is off by more than 4 ulps are left out; how far it is off
at the others is written beside them, with the versions used. ``torch.npz`` has arguments, values and gradients.
"""

import json
import pathlib
import platform
import sys

import numpy as np
import torch
import torch.nn.functional as F

HERE = pathlib.Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from support import oracle, ulp  # noqa: E402

KEPT = 4  # ulps

# id: name in jaxact, PyTorch's function, arguments of jaxact's
CASES = {
    "celu": ("celu", F.celu, {}),
    "celu alpha": ("celu", lambda x: F.celu(x, 1.5), {"alpha": 1.5}),
    "elu": ("elu", F.elu, {}),
    "elu alpha": ("elu", lambda x: F.elu(x, 0.5), {"alpha": 0.5}),
    "gelu": ("gelu", lambda x: F.gelu(x, approximate="tanh"), {}),
    "gelu exact": ("gelu", F.gelu, {"approximate": False}),
    "hard_sigmoid": ("hard_sigmoid", F.hardsigmoid, {}),
    "hard_silu": ("hard_silu", F.hardswish, {}),
    "hard_tanh": ("hard_tanh", F.hardtanh, {}),
    "leaky_relu": ("leaky_relu", F.leaky_relu, {}),
    "log_sigmoid": ("log_sigmoid", F.logsigmoid, {}),
    "mish": ("mish", F.mish, {}),
    "prelu": ("prelu", lambda x: F.prelu(x, torch.tensor(0.25)), {}),
    "relu": ("relu", F.relu, {}),
    "relu6": ("relu6", F.relu6, {}),
    "selu": ("selu", F.selu, {}),
    "sigmoid": ("sigmoid", torch.sigmoid, {}),
    "silu": ("silu", F.silu, {}),
    "soft_sign": ("soft_sign", F.softsign, {}),
    "softplus": ("softplus", F.softplus, {}),
    "softplus beta": ("softplus", lambda x: F.softplus(x, beta=2.0, threshold=40.0), {"beta": 2.0}),
    "tanh": ("tanh", torch.tanh, {}),
}
DEFAULTS = {"celu": {"alpha": 1}, "elu": {"alpha": 1}, "leaky_relu": {"negative_slope": np.float32(0.01)}}
DEFAULTS |= {"prelu": {"negative_slope": 0.25}, "softplus": {"beta": 1}}


def both(f, x, cotangent):
    x = torch.from_numpy(x).requires_grad_()
    y = f(x)
    y.backward(torch.from_numpy(cotangent))
    return y.detach().numpy(), x.grad.numpy()


def elementwise(f, name, arguments):
    rng = np.random.default_rng(0)
    x = np.concatenate([np.linspace(-8, 8, 65), rng.normal(0, 3, 40), rng.uniform(-80, 80, 40)]).astype(np.float32)
    value, slope = both(f, x, np.ones_like(x))
    line = "gelu_exact" if arguments.get("approximate") is False else name
    parameters = {n: p for n, p in {**DEFAULTS.get(name, {}), **arguments}.items() if n != "approximate"}
    truth, _ = oracle.derivatives(line, x, 1, **parameters)
    errors = ulp.error(value, truth[0]), ulp.error(slope, truth[1])
    right = (errors[0] <= KEPT) & (errors[1] <= KEPT)
    assert right.sum() > 40, (name, right.sum())
    worst = {what: float(e[right].max()) for what, e in zip(("value", "slope"), errors, strict=True)}
    return (x[right], value[right], slope[right]), worst, {"value": 0.0, "slope": 0.0}


def rows(f, name):
    x = np.random.default_rng(0).normal(0, 3, (4, 8)).astype(np.float32)
    value, slope = both(f, x, np.broadcast_to(np.linspace(-1, 1, 8, dtype=np.float32), x.shape).copy())
    error = float(ulp.error(value, oracle.vector(name, x)[0]).max())
    assert error <= KEPT
    # A gradient is a difference here, so its unit is that of the largest.
    return (x, value, slope), {"value": error, "slope": KEPT}, {"value": 0.0, "slope": float(np.abs(slope).max())}


def gated():
    x = np.random.default_rng(0).uniform(-2, 2, (8, 8)).astype(np.float32)  # beyond, s (1 - s) loses its digits
    value, slope = both(lambda x: F.glu(x, -1), x, np.ones((8, 4), np.float32))
    truth, _ = oracle.derivatives("glu", x[:, :4], 1, gate=x[:, 4:].ravel())
    in_gate, _ = oracle.derivatives("glu", x[:, :4], 1, "gate", gate=x[:, 4:].ravel())
    exact = np.concatenate([truth[1].reshape(8, 4), in_gate[1].reshape(8, 4)], 1)
    worst = {"value": ulp.error(value.ravel(), truth[0]).max(), "slope": ulp.error(slope, exact).max()}
    assert max(worst.values()) <= 2 * KEPT
    return (x, value, slope), {k: float(v) for k, v in worst.items()}, {"value": 0.0, "slope": 0.0}


def main():
    done = {i: (name, arguments, elementwise(f, name, arguments)) for i, (name, f, arguments) in CASES.items()}
    done["softmax"] = "softmax", {}, rows(lambda x: F.softmax(x, -1), "softmax")
    done["log_softmax"] = "log_softmax", {}, rows(lambda x: F.log_softmax(x, -1), "log_softmax")
    done["glu"] = "glu", {}, gated()

    arrays, about = {}, []
    for i, (name, arguments, (values, error, floor)) in done.items():
        arrays |= {f"{i}/{what}": a for what, a in zip(("x", "value", "slope"), values, strict=True)}
        about.append({"id": i, "name": name, "arguments": arguments, "error": error, "floor": floor})
    np.savez_compressed(HERE / "torch.npz", **arrays)
    versions = {"torch": torch.__version__, "numpy": np.__version__, "machine": platform.machine()}
    (HERE / "torch.json").write_text(json.dumps({"written with": versions, "cases": about}, indent=1) + "\n")


if __name__ == "__main__":
    main()
