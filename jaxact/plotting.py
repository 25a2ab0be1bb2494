"""Figures of activations: their values and slopes, parameters, correlation maps and errors.

Each function draws on the axes it is given, or on a new figure, and returns the axes. Nothing is shown or saved.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

from jaxact import _accuracy, theory
from jaxact._activation import spec
from jaxact.theory._quadrature import prepare

try:
    import matplotlib as mpl
    from matplotlib import pyplot as plt
    from matplotlib.axes import Axes
    from matplotlib.patches import Patch
except ImportError as error:
    raise ImportError("jaxact.plotting needs matplotlib; install it with: pip install 'jaxact[plot]'") from error

Function = Callable[[Array], Array]

# Okabe and Ito, Color universal design, 2008; the order has the strongest contrasts first.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
_DASHES = ("-", "--", "-.", ":")
_ORDERS = ("value", "slope", "curvature")


def functions(
    *fs: str | Function,
    xlim: tuple[float, float] = (-5, 5),
    show: Sequence[str] = _ORDERS,
    saturated: float | None = 0.01,
    axes: Sequence[Axes] | None = None,
) -> np.ndarray:
    """Value, slope and curvature of activations, side by side.

    Args:
      *fs: names of activations, or any functions that map arrays number by number.
      xlim: range of the argument.
      show: which of ``"value"``, ``"slope"`` and ``"curvature"``, a panel each.
      saturated: a function is marked as saturated where its absolute slope is less than this: by shading if it is the
        only one, else by a bar in its colour at the bottom of each panel. ``None`` marks nothing.
      axes: as many axes as panels; ``None`` is a new figure.

    Returns:
      Array of the axes.

    Raises:
      ValueError: no function is given, or a panel that does not exist.

    Examples:
      >>> from jaxact import plotting
      >>> axes = plotting.functions("relu", "mish")
      >>> len(axes)
      3
    """
    if not fs:
        raise ValueError("jaxact.plotting.functions: give at least one activation, such as 'mish'")
    if not show or set(show) - set(_ORDERS):
        raise ValueError(f"jaxact.plotting.functions: show must name some of {', '.join(_ORDERS)}, got {show!r}")
    panels = _axes(axes, len(show), width=4.2)
    for i, f in enumerate(fs):
        style = _style(i)
        x, derivatives = _curves(f, xlim, show if saturated is None else (*show, "slope"))
        flat = [] if saturated is None else _flat(x, derivatives[1], saturated)
        for ax, what in zip(panels, show, strict=True):
            ax.plot(x, derivatives[_ORDERS.index(what)], label=_name(f), **style)
            span, alpha = ((0, 1), 0.12) if len(fs) == 1 else ((0.025 * i, 0.025 * i + 0.02), 0.8)
            for left, right in flat:
                ax.axvspan(left, right, *span, color=style["color"], alpha=alpha, lw=0, zorder=0).set_gid("saturated")
    bars = any(p.get_gid() == "saturated" for p in panels[0].patches)
    for ax, what in zip(panels, show, strict=True):
        _finish(ax, "x", what, xlim)
        _crop(ax)
        if bars and len(fs) > 1:
            low, high = ax.get_ylim()
            ax.set_ylim(low - 0.027 * len(fs) * (high - low), high)
    handles, labels = panels[0].get_legend_handles_labels()
    if bars:
        handles.append(Patch(color="0.5", alpha=0.4))
        labels.append(f"saturated: |slope| < {saturated:g}")
    _legend(panels, handles, labels, beside=axes is None)
    return panels


def parameter(
    f: str | Callable[..., Array],
    name: str | None = None,
    values: Iterable[float] | None = None,
    *,
    xlim: tuple[float, float] = (-5, 5),
    show: Sequence[str] = ("value", "slope"),
    axes: Sequence[Axes] | None = None,
) -> np.ndarray:
    """A learnable activation over a range of one of its parameters.

    Args:
      f: name of an activation with parameters, or the function.
      name: the parameter; ``None`` is the first.
      values: its values; ``None`` is seven around the default: up to 1 from it where that is 0, else from a quarter of
        it to four times.
      xlim: range of the argument.
      show: which of ``"value"``, ``"slope"`` and ``"curvature"``, a panel each.
      axes: as many axes as panels; ``None`` is a new figure.

    Returns:
      Array of the axes.

    Raises:
      ValueError: the activation has no such parameter, or it is a list of coefficients.

    Examples:
      >>> from jaxact import plotting
      >>> axes = plotting.parameter("swish", "beta", [0.5, 1, 2])
      >>> axes[1].get_ylabel()
      'slope of swish'
    """
    record = spec(f)
    if not record.parameters or (name is not None and name not in record.parameters):
        has = ", ".join(record.parameters) or "none"
        raise ValueError(f"jaxact.plotting.parameter: {record.name} has no parameter {name!r}; it has {has}")
    name = next(iter(record.parameters)) if name is None else name
    if np.ndim(record.parameters[name]):
        raise ValueError(f"jaxact.plotting.parameter: {name} of {record.name} is a list of coefficients, not a number")
    default = float(record.parameters[name])
    if values is None:
        values = default + np.linspace(-1, 1, 7) if default == 0 else default * 2.0 ** np.linspace(-2, 2, 7)
    values = np.asarray(list(values), float)
    panels = _axes(axes, len(show), width=4.2)
    colours = mpl.colormaps["viridis"](np.linspace(0, 0.92, len(values)))
    others = {n: v for n, v in record.parameters.items() if not np.ndim(v)}  # arguments, so that one program serves all
    for value, colour in zip(values, colours, strict=True):
        x, derivatives = _curves(record.name, xlim, show, **{**others, name: value.item()})
        for ax, what in zip(panels, show, strict=True):
            is_default = math.isclose(value, default)
            label = f"{value:.3g}" + (" (default)" if is_default else "")
            ax.plot(x, derivatives[_ORDERS.index(what)], color=colour, lw=2.6 if is_default else 1.5, label=label)
    for ax, what in zip(panels, show, strict=True):
        _finish(ax, "x", f"{what} of {record.name}", xlim)
        _crop(ax)
    handles, labels = panels[0].get_legend_handles_labels()
    _legend(panels, handles, labels, beside=axes is None, title=name)
    return panels


def training(
    metrics: str | os.PathLike[str] | Iterable[Mapping[str, Any]],
    keys: Sequence[str] | None = None,
    *,
    step: str = "step",
    ax: Axes | None = None,
) -> Axes:
    """Parameters during training.

    Args:
      metrics: records with a step and numbers, or lists of numbers, under the names of parameters; or the path of a
        file with one such record in JSON a line. Records that lack a key are left out for it.
      keys: names to draw; ``None`` is every number but the step. Of a list the median is drawn, with the range from the
        tenth to the ninetieth percentile.
      step: name of the step.
      ax: axes; ``None`` is a new figure.

    Returns:
      The axes.

    Raises:
      ValueError: there is nothing to draw.

    Examples:
      >>> from jaxact import plotting
      >>> ax = plotting.training([{"step": 0, "beta": 1.0}, {"step": 10, "beta": 1.3}])
      >>> ax.get_xlabel()
      'step'
    """
    if isinstance(metrics, (str, os.PathLike)):
        with open(metrics, encoding="utf-8") as lines:
            metrics = [json.loads(line) for line in lines if line.strip()]
    records = [r for r in metrics if step in r]
    if keys is None:
        keys = list(dict.fromkeys(k for r in records for k, v in r.items() if k != step and _is_numeric(v)))
    missing = [k for k in keys if not any(k in r for r in records)]
    if not keys or missing:
        what = f"no record has {', '.join(missing)}" if missing else f"no record has {step!r} and a number"
        raise ValueError(f"jaxact.plotting.training: {what}")
    ax = _one(ax, width=5.5)
    for i, key in enumerate(keys):
        here = [r for r in records if _is_numeric(r.get(key))]
        steps = [r[step] for r in here]
        spread = [np.percentile(np.asarray(r[key], float), [10, 50, 90]) for r in here]
        low, middle, high = np.transpose(spread)
        style = _style(i)
        ax.plot(steps, middle, label=key, **style)
        if np.any(low < high):
            ax.fill_between(steps, low, high, color=style["color"], alpha=0.15, lw=0)
    _finish(ax, step, "parameter" if len(keys) > 1 else keys[0], None)
    if len(keys) > 1:
        ax.legend()
    return ax


def correlation_map(
    *fs: str | Function, sigma_w: float | None = None, sigma_b: float = 0.0, length: float = 1.0, ax: Axes | None = None
) -> Axes:
    """Correlation of a wide random layer's outputs against that of two inputs.

    Args:
      *fs: names of activations, or any functions that map arrays number by number.
      sigma_w: standard deviation of the weights, times the square root of the width; ``None`` is the one that keeps the
        length, for each.
      sigma_b: standard deviation of the biases.
      length: variance of the inputs.
      ax: axes; ``None`` is a new figure.

    Returns:
      The axes.

    Raises:
      ValueError: no function is given.

    Examples:
      >>> from jaxact import plotting
      >>> ax = plotting.correlation_map("relu")
      >>> ax.get_xlabel()
      'correlation of the inputs'
    """
    if not fs:
        raise ValueError("jaxact.plotting.correlation_map: give at least one activation, such as 'mish'")
    ax = _one(ax, width=4.6, height=4.4)
    c = np.sin(np.linspace(-np.pi / 2, np.pi / 2, 81))
    for i, f in enumerate(fs):
        keeps = math.sqrt(max(length - sigma_b**2, 0) / float(theory.moments(f, length).second))
        w = keeps if sigma_w is None else sigma_w
        ax.plot(c, theory.correlation_map(f, c, length, w, sigma_b), label=_name(f), **_style(i))
    ax.plot([-1, 1], [-1, 1], color="0.6", lw=1, ls=(0, (1, 2)), zorder=1)
    _finish(ax, "correlation of the inputs", "correlation of the outputs", (-1, 1))
    ax.set_aspect("equal")
    ax.set_ylim(-1.02, 1.02)
    ax.set_xticks([-1, -0.5, 0, 0.5, 1])
    ax.set_yticks([-1, -0.5, 0, 0.5, 1])
    ax.legend(loc="upper left")
    return ax


def wide_network(
    f: str | Function,
    *,
    sigma_w: float | None = None,
    sigma_b: float = 0.0,
    width: int = 512,
    depth: int = 12,
    correlation: float = 0.6,
    networks: int = 8,
    seed: int = 0,
    axes: Sequence[Axes] | None = None,
) -> np.ndarray:
    """Lengths and correlations in random networks, layer by layer, beside what mean-field theory predicts.

    Args:
      f: name of an activation, or any function that maps arrays number by number.
      sigma_w: standard deviation of the weights, times the square root of the width; ``None`` is the one that keeps a
        length of 1.
      sigma_b: standard deviation of the biases.
      width: units of a layer.
      depth: number of layers.
      correlation: correlation of the two inputs, which have length 1.
      networks: number of networks.
      seed: of the weights.
      axes: two axes; ``None`` is a new figure.

    Returns:
      Array of the axes, for lengths and for correlations.

    Examples:
      >>> from jaxact import plotting
      >>> axes = plotting.wide_network("tanh", width=64, depth=3, networks=2)
      >>> axes[1].get_ylabel()
      'correlation'
    """
    function = prepare(f, None, 4.0)[0]
    w = float(theory.gains(f).rms) * math.sqrt(max(1 - sigma_b**2, 0)) if sigma_w is None else sigma_w

    q, c = jnp.asarray(1.0), jnp.asarray(correlation)
    predicted = [(float(q), float(c))]
    for _ in range(depth):
        c, q = theory.correlation_map(f, c, q, w, sigma_b), theory.length_map(f, q, w, sigma_b)
        predicted.append((float(q), float(c)))

    @jax.jit
    def measure(key: Array) -> Array:
        first, *layers = jax.random.split(key, depth + 1)
        u, v = jax.random.normal(first, (2, width))
        h = jnp.stack([u, correlation * u + math.sqrt(1 - correlation**2) * v], 1)
        rows = []
        for layer in [None, *layers]:
            if layer is not None:
                weights, bias = jax.random.split(layer)
                h = w * jax.random.normal(weights, (width, width)) @ function(h) / math.sqrt(width)
                h = h + sigma_b * jax.random.normal(bias, (width, 1))
            a, b = jnp.sum(h * h, 0) / width
            rows.append(jnp.stack([(a + b) / 2, jnp.sum(h[:, 0] * h[:, 1]) / width / jnp.sqrt(a * b)]))
        return jnp.stack(rows)

    measured = np.stack([measure(k) for k in jax.random.split(jax.random.key(seed), networks)])
    panels = _axes(axes, 2, width=4.6)
    for i, (ax, what) in enumerate(zip(panels, ("length", "correlation"), strict=True)):
        mean, std = measured[..., i].mean(0), measured[..., i].std(0)
        ax.fill_between(range(depth + 1), mean - 2 * std, mean + 2 * std, color=COLOURS[0], alpha=0.15, lw=0)
        ax.plot(mean, "o", ms=5, color=COLOURS[0], label=f"{networks} networks of width {width}, ± 2 std")
        ax.plot([p[i] for p in predicted], color=COLOURS[1], lw=1.8, label="theory")
        _finish(ax, "layer", what, None)
        ax.set_title(f"{_name(f)}: σ_w = {w:.3g}, σ_b = {sigma_b:.3g}")
    panels[0].set_ylim(0, 1.3 * max(1.0, float(np.nanmax(measured[..., 0]))))
    panels[1].set_ylim(min(0.0, float(measured[..., 1].min()) - 0.1), 1.02)
    panels[0].legend(loc="lower left")
    return panels


def ulps(
    name: str,
    *,
    dtype: str = "float32",
    xlim: tuple[float, float] = (-100, 20),
    points: int = 20_000,
    axes: Sequence[Axes] | None = None,
) -> np.ndarray:
    """Error of an activation in ulps over a range, beside that of the function of the same name in ``jax.nn``.

    The true result is the activation in float64. A result of 0, NaN or infinity where the true one is a normal number
    is drawn at the upper edge.

    Args:
      name: name of an activation.
      dtype: ``"float32"``, ``"bfloat16"`` or ``"float16"``.
      xlim: range of the argument.
      points: number of arguments, spread evenly; each point drawn is the worst of its neighbourhood.
      axes: two axes; ``None`` is a new figure.

    Returns:
      Array of the axes, for value and slope.

    Raises:
      ValueError: the activation does not map numbers to numbers one by one.

    Examples:
      >>> from jaxact import plotting
      >>> axes = plotting.ulps("silu", points=500)
      >>> axes[0].get_yscale()
      'log'
    """
    record = spec(name)
    if not record.elementwise:
        raise ValueError(f"jaxact.plotting.ulps: {record.name} does not map numbers to numbers one by one")
    x = np.unique(np.linspace(*xlim, points).astype(jnp.dtype(dtype)))
    x = x[np.isfinite(x.astype(np.float64))]
    true = _accuracy.truth(record.function, x.astype(np.float64))
    competitors = {"jaxact": (record.function, COLOURS[0], "o", 2)}
    peer = getattr(jax.nn, record.name, None)
    if peer is not None:
        competitors = {"jax.nn": (peer, COLOURS[1], "^", 1), **competitors}
    panels = _axes(axes, 2, width=5)
    top = 1e8
    for label, (f, colour, marker, order) in competitors.items():
        for ax, error in zip(panels, _accuracy.errors(f, x, *true), strict=True):
            groups = np.array_split(np.arange(len(x)), min(300, len(x)))
            worst = [g[np.argmax(error[g])] for g in groups]
            ax.plot(
                x[worst].astype(np.float64),
                np.clip(error[worst], 0.1, top),
                marker,
                ms=4,
                mew=0,
                alpha=0.75,
                color=colour,
                label=label,
                zorder=order,
                clip_on=False,
            )
    for ax, what in zip(panels, ("value", "slope"), strict=True):
        _finish(ax, "x", f"error of the {what} (ulp)", xlim)
        ax.axhline(0, visible=False)
        ax.set_yscale("log")
        ax.set_ylim(0.1, top)
        ax.set_yticks([0.1, 1, 10, 1e2, 1e4, 1e6, 1e8], ["≤ 0.1", "1", "10", "100", "$10^4$", "$10^6$", "all digits"])
        ax.minorticks_off()
        ax.set_title(f"{record.name}, {dtype}")
    panels[0].legend(loc="center right")
    return panels


def _legend(
    panels: np.ndarray, handles: list[Any], labels: list[str], *, beside: bool, title: str | None = None
) -> None:
    """One legend for all panels: beside them in a new figure, inside the first of them in the caller's.

    In the caller's, where one curve needs no legend, there is none.
    """
    if beside:
        columns = min(len(labels), 2 * len(panels))
        place = {"loc": "outside upper center", "ncols": columns, "frameon": False}
        panels[0].figure.legend(handles, labels, title=title, **place)
    elif len(labels) > 1:
        panels[0].legend(handles, labels, title=title)


@functools.lru_cache(maxsize=16)
def _derivatives(function: Function, count: int) -> Callable[..., list[Array]]:
    """A compiled function for the first ``count`` of value, slope and curvature of an array."""

    def run(x: Array, parameters: Mapping[str, Array]) -> list[Array]:
        g, found = functools.partial(function, **parameters), []
        for _ in range(count):
            found.append(g(x))
            g = functools.partial(lambda g, x: jax.jvp(g, (x,), (jnp.ones_like(x),))[1], g)
        return found

    return jax.jit(run)


def _curves(
    f: str | Callable[..., Array], xlim: tuple[float, float], show: Sequence[str] = _ORDERS, **parameters: float
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Arguments, and value, slope and curvature there, as far as they are shown.

    Curves have a gap at kinks, where a line would bridge a jump.
    """
    try:
        record = spec(f)
        function, found = record.function, record.kinks
    except KeyError:
        function, mesh = prepare(f, None, max(abs(v) for v in xlim) ** 2 / 64)
        found = mesh.kinks
    x = np.linspace(*xlim, 1001)
    kinks = [k for k in found if xlim[0] < k < xlim[1]]
    close = np.array([k + d for k in kinks for d in (-1e-4, 0, 1e-4)])
    x = np.union1d(x[np.all(np.abs(x[:, None] - np.array([*kinks, np.inf])) > 1e-4, 1)], close)
    at = jnp.asarray(x, jnp.result_type(float))
    run = _derivatives(function, 1 + max(map(_ORDERS.index, show)))
    values = [np.array(v, np.float64) for v in run(at, parameters)]
    for i in np.searchsorted(x, kinks):
        for v in values:
            if abs(v[i + 1] - v[i - 1]) > 0.02 * np.nanmax(np.abs(v)):
                v[i] = np.nan
    return x, values


def _axes(given: Sequence[Axes] | None, count: int, width: float, height: float = 3.4) -> np.ndarray:
    if given is None:
        _, axes = plt.subplots(1, count, figsize=(width * count, height), layout="constrained", squeeze=False)
        return axes[0]
    panels = np.asarray(given, object).ravel()
    if len(panels) != count:
        raise ValueError(f"jaxact.plotting: {count} axes are needed, got {len(panels)}")
    return panels


def _one(given: Axes | None, **size: float) -> Axes:
    return _axes(None, 1, **size)[0] if given is None else given


def _style(i: int) -> dict[str, Any]:
    """Colour and dashes of the i-th line: 28 differ, and a line below another stays visible."""
    return {"color": COLOURS[i % len(COLOURS)], "ls": _DASHES[i % len(_DASHES)], "lw": 1.8}


def _name(f: Any) -> str:
    if isinstance(f, str):
        return f
    if isinstance(f, functools.partial):
        return f"{_name(f.func)}({', '.join(f'{k}={v}' for k, v in f.keywords.items())})"
    return getattr(f, "__name__", type(f).__name__)


def _flat(x: np.ndarray, slope: np.ndarray, limit: float) -> list[tuple[float, float]]:
    """Intervals where the slope is nearly 0; not those where it passes through 0."""
    found, start = [], 0
    for flat, run in itertools.groupby(np.abs(np.nan_to_num(slope, nan=np.inf)) < limit * (1 - 1e-6)):
        end = start + len(list(run))
        if flat and not np.min(slope[start:end]) < 0 < np.max(slope[start:end]):
            found.append((float(x[start]), float(x[end - 1])))
        start = end
    return found


def _finish(ax: Axes, xlabel: str, ylabel: str, xlim: tuple[float, float] | None) -> None:
    ax.set_xlabel(xlabel)
    ax.set_ylabel(ylabel)
    ax.grid(True, color="0.9", lw=0.8)
    ax.set_axisbelow(True)
    ax.spines[["top", "right"]].set_visible(False)
    if xlim is not None:
        ax.set_xlim(*xlim)
        if xlim[0] < 0 < xlim[1]:
            ax.axvline(0, color="0.7", lw=0.8, zorder=0.5)
    ax.axhline(0, color="0.7", lw=0.8, zorder=0.5)


def _crop(ax: Axes) -> None:
    """Limit the vertical axis, so that one fast-growing function does not flatten the others."""
    curves = [np.asarray(line.get_ydata(), float) for line in ax.lines]
    tops = [np.nanmax(np.abs(y)) for y in curves if y.size > 2]
    limit = 4 * float(np.median(tops))
    low, high = ax.get_ylim()
    if limit > 0:
        ax.set_ylim(max(low, -limit), min(high, limit))


def _is_numeric(value: Any) -> bool:
    if isinstance(value, (str, bool)) or value is None:
        return False
    array = np.asarray(value)
    return array.size > 0 and np.issubdtype(array.dtype, np.number)


__all__ = ["correlation_map", "functions", "parameter", "training", "ulps", "wide_network"]
