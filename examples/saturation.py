"""Do slopes that are wrong in the tails change an outcome? Three methods with inputs in the tails, in two libraries.

    python examples/saturation.py                                  # all three cases
    python examples/saturation.py --cases gates --seeds 23 --length 100

*Gates.* An LSTM learns the adding task in bfloat16. Chrono initialisation (Tallec and Ollivier, 2018, arXiv:1804.11188)
starts its forget gates at log U(1, Tmax - 1), where the slope of ``jax.nn.sigmoid`` is 0 from 5.6 up. A router weighs
experts by sigmoid gates that start open, and have to close for some inputs.

*Outliers.* A transformer of characters trains in float16 with a dynamic loss scale (Micikevicius et al., 2017,
arXiv:1710.03740): an update whose gradient is not finite is skipped, and a run counts as lost if the loss scale, which
each skipped update halves, falls to 1.
One channel of the normalisation before each feed-forward has a large gain, as trained transformers have them (Kovaleva
et al., 2021, arXiv:2105.06990). The slope of ``jax.nn.gelu`` is NaN from about 150 up, unless ``approximate=False``.

*Squashed.* Updates of the policy of a soft actor-critic (Haarnoja et al., 2018, arXiv:1801.01290). Half way through
the run, the best action jumps from one end of (-1, 1) to the other. Likelihoods need log(1 - tanh(u)^2): "plain" is
that formula, "plus 1e-6" adds this number within the logarithm, as the authors' code does, "by softplus" is 2 (log 2 -
u - softplus(-2 u)), and jaxact has ``log_abs_slope("tanh")``. The reward in the tables counts accurate likelihoods in
all four; updates that are NaN are skipped.

Writes results.json and a figure for each case. All seeds of a case train in one compiled program. Means have a 95 %
interval by Student's t; differences are paired by seed.

The first command takes eleven minutes on two busy cores and gave, over 8 seeds:

- LSTM: with jax.nn, 34 % ± 6 % of the forget gates ever have a gradient, with jaxact all. Yet the task is learned as
  fast: the mean error over the run is 0.066 with both (0.0003 ± 0.0007 smaller with jaxact), and the final error is
  0.0025 with jaxact and 0.0027 with jax.nn (0.00018 ± 0.00014 smaller), probably because gates that start open suit
  this task.
- Router: no difference up to an initial bias of 8 (0.007 ± 0.009). With a bias of 10, the relative error is 0.05 with
  jaxact and 0.27 with jax.nn (0.22 ± 0.10 larger); with 12 it is 0.08 and 0.44 (0.36 ± 0.05 larger), because with
  jax.nn no gate ever moves. In float32, jax.nn does as well as jaxact in bfloat16.
- Transformer: no difference up to a gain of 50, where arguments reach 70. At 75, jax.nn loses 58 % ± 17 % of the
  updates and seven of eight runs, at 100 and 200 all runs, and ends 0.44 ± 0.23, 1.1 ± 0.5 and 3.0 ± 0.4 bits worse;
  jaxact loses 1 % of the updates, as without outliers, and no run. ``approximate=False`` does the same for jax.nn.
- Policy: "plain" loses 72 % to 94 % of the updates in float32 and more than 99 % in bfloat16, of every run. Of the best
  reward, jaxact has 0.032 ± 0.009 more than "plus 1e-6" in float32 at a temperature of 0.01, and in bfloat16 0.083 ±
  0.033 more there and 0.110 ± 0.052 at 0.1; elsewhere there is no difference. "By softplus" is no different from jaxact
  anywhere (at most 0.011 ± 0.029).

So a wrong slope costs a whole run where it is NaN, or where a unit can recover through that slope alone. Where training
does not need the gradient, as in the LSTM, it costs next to nothing.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from compare import interval
from jax import lax
from jaxact_examples import figures, options, progress, run
from jaxact_examples.options import BadInput
from language import bits, read

import jaxact

ROUNDS = 20  # records of a run, each a mean over its steps
LARGEST, PATIENCE = 2.0**15, 50  # loss scale at the start, and the good steps after which it doubles


@dataclasses.dataclass(frozen=True)
class Options:
    cases: tuple[Literal["gates", "outliers", "squashed"], ...] = ("gates", "outliers", "squashed")
    """Cases to run."""
    seeds: int = 8
    """Number of seeds, counted from --seed."""
    seed: int = 0
    """First seed."""
    lstm_steps: int = 400
    """Training steps of the LSTM."""
    length: int = 60
    """Numbers in a sequence of its task."""
    router_steps: int = 2000
    """Training steps of the router."""
    outliers_steps: int = 300
    """Training steps of the transformer."""
    policy_steps: int = 1000
    """Updates of the policy."""
    out: Path | None = None
    """Folder of the run; by default a new one under runs/."""
    resume: ClassVar[bool] = False  # there are no checkpoints


Elementwise = Callable[[jax.Array], jax.Array]
# The state at the start from key and setting, and the next state and a record from state and key.
Program = tuple[Callable[[jax.Array, jax.Array], Any], Callable[[Any, jax.Array], tuple[Any, Any]]]
Records = Mapping[str, Mapping[str, np.ndarray]]  # by variant and name; of setting, seed and round


class Measure(NamedTuple):
    record: str
    label: str
    whole: bool = False  # mean of the whole run, not of its last round


class Panel(NamedTuple):
    measure: str
    setting: int | None  # a curve over the steps at this one; None for the results at all of them
    scale: str = "linear"


@dataclasses.dataclass(frozen=True)
class Study:
    """The same program with several functions; the others are compared with the first."""

    title: str
    setting: str
    settings: tuple[float, ...]
    variants: Mapping[str, Any]
    build: Callable[[Any, Options], Program]
    steps: int
    measures: Mapping[str, Measure]
    panels: tuple[Panel, ...]


def train(study: Study, variant: Any, options: Options) -> dict[str, np.ndarray]:
    """Records by setting, seed and round, of one compiled program."""
    start, step = study.build(variant, options)
    seeds = range(options.seed, options.seed + options.seeds)

    def one(setting: jax.Array, seed: jax.Array) -> dict[str, jax.Array]:
        initial, steps = jax.random.split(jax.random.key(seed))

        def several(state: Any, keys: jax.Array) -> tuple[Any, Any]:
            state, records = lax.scan(step, state, keys)
            return state, jax.tree.map(lambda r: r.astype("float32").mean(0), records)

        keys = jax.random.split(steps, (ROUNDS, study.steps // ROUNDS))
        return lax.scan(several, start(initial, setting), keys)[1]

    # One axis of settings and seeds together: XLA is slow at products with several such axes.
    settings = np.repeat(np.array(study.settings, "float32"), len(seeds))
    records = jax.device_get(jax.jit(jax.vmap(one))(settings, np.tile(seeds, len(study.settings))))
    return {name: np.reshape(r, (len(study.settings), len(seeds), ROUNDS)) for name, r in records.items()}


def optimiser(rate: float) -> optax.GradientTransformation:
    return optax.chain(optax.clip_by_global_norm(1.0), optax.adam(rate))


def begin(params: Any, rate: float, **more: Any) -> dict[str, Any]:
    return {"params": params, "memory": optimiser(rate).init(params), **more}


def descend(
    loss: Callable[[Any], tuple[jax.Array, Any]], state: dict[str, Any], rate: float, scale: Any = 1.0
) -> tuple[dict[str, Any], Any, Any]:
    """One step, left out where a slope is not finite: state, slopes, and what ``loss`` gave, with its record."""

    def scaled(params: Any) -> tuple[jax.Array, Any]:
        value, beside = loss(params)
        return value * scale, {"loss": value, **beside}

    slopes, record = jax.grad(scaled, has_aux=True)(state["params"])
    slopes = jax.tree.map(lambda s: s / scale, slopes)
    sound = jnp.all(jnp.array([jnp.isfinite(s).all() for s in jax.tree.leaves(slopes)]))
    changes, memory = optimiser(rate).update(slopes, state["memory"])
    changed = {**state, "params": optax.apply_updates(state["params"], changes), "memory": memory}
    state = jax.tree.map(lambda new, old: jnp.where(sound, new, old), changed, state)
    return state, slopes, {**record, "skipped": ~sound}


def product(a: jax.Array, b: jax.Array) -> jax.Array:
    """Matrix product of stacked vectors, with one axis of them: XLA is slow at products with several."""
    return (a.reshape(-1, a.shape[-1]) @ b).reshape(*a.shape[:-1], -1)


# Gates


class Gates(NamedTuple):
    sigmoid: Elementwise
    tanh: Elementwise
    dtype: str = "bfloat16"


GATES = {
    "jax.nn": Gates(jax.nn.sigmoid, jax.nn.tanh),
    "jaxact": Gates(jaxact.sigmoid, jaxact.tanh),
    "jax.nn in float32": Gates(jax.nn.sigmoid, jax.nn.tanh, "float32"),
}


def lstm(params: Any, x: jax.Array, gates: Gates) -> jax.Array:
    """Last hidden state. As in Flax, the cell stays in the dtype of the parameters."""

    def step(carry: Any, x: jax.Array) -> tuple[Any, None]:
        h, cell = carry
        kernel, bias = params["kernel"].astype(gates.dtype), params["bias"].astype(gates.dtype)
        at = jnp.concatenate([x, h], -1) @ kernel + bias.reshape(-1)
        forget, take, new, out = jnp.split(at, 4, -1)
        cell = gates.sigmoid(forget) * cell + gates.sigmoid(take) * gates.tanh(new)
        return (gates.sigmoid(out) * gates.tanh(cell.astype(gates.dtype)), cell), None

    nothing = jnp.zeros((len(x), len(params["out"])))
    return lax.scan(step, (nothing.astype(gates.dtype), nothing), x.swapaxes(0, 1))[0][0]


def adding(gates: Gates, options: Options, width: int = 32, batch: int = 32, rate: float = 1e-2) -> Program:
    """Hochreiter and Schmidhuber's task: the sum of the two numbers of a sequence that are marked."""

    def start(key: jax.Array, longest: jax.Array) -> Any:
        keys = jax.random.split(key, 3)
        forget = jnp.log(jax.random.uniform(keys[0], (width,), minval=1.0, maxval=longest - 1))
        params = {
            "kernel": jax.random.normal(keys[1], (2 + width, 4 * width)) / np.sqrt(2 + width),
            "bias": jnp.stack([forget, -forget, 0 * forget, 0 * forget]),
            "out": jax.random.normal(keys[2], (width,)) / np.sqrt(width),
        }
        return begin(params, rate, reached=jnp.zeros(width, bool))

    def step(state: Any, key: jax.Array) -> Any:
        numbers, places = jax.random.split(key)
        x = jax.random.uniform(numbers, (batch, options.length))
        half = options.length // 2
        marked = jax.random.randint(places, (batch, 2), 0, half) + jnp.array([0, half])
        marks = jax.nn.one_hot(marked, options.length).sum(1)
        inputs = jnp.stack([x, marks], -1).astype(gates.dtype)

        def loss(params: Any) -> tuple[jax.Array, Any]:
            h = lstm(params, inputs, gates).astype("float32")
            return jnp.mean((h @ params["out"] + 1 - (x * marks).sum(1)) ** 2), {}

        state, slopes, record = descend(loss, state, rate)
        state["reached"] |= slopes["bias"][0] != 0
        return state, {**record, "reached": state["reached"].mean()}

    return start, step


def router(
    gates: Gates, _: Options, width: int = 16, experts: int = 8, outputs: int = 4, batch: int = 128, rate: float = 1e-2
) -> Program:
    """Experts behind sigmoid gates, which learn from a model of the same form whose gates open and close."""

    def model(params: Any, x: jax.Array, gates: Gates) -> jax.Array:
        x, gate, bias, expert = (a.astype(gates.dtype) for a in (x, params["gate"], params["bias"], params["expert"]))
        return jnp.einsum("bk,bi,kio->bo", gates.sigmoid(x @ gate + bias), x, expert).astype("float32")

    def draw(key: jax.Array, spread: float) -> Any:
        one, two = jax.random.split(key)
        gate = jax.random.normal(one, (width, experts)) * spread / np.sqrt(width)
        return {"gate": gate, "expert": jax.random.normal(two, (experts, width, outputs)) / np.sqrt(width)}

    def start(key: jax.Array, bias: jax.Array) -> Any:
        own, true = jax.random.split(key)
        true = {**draw(true, 4.0), "bias": jnp.zeros(experts)}
        params = {**draw(own, 1.0), "bias": jnp.full(experts, bias)}
        return begin(params, rate, true=true, reached=jnp.zeros(experts, bool))

    def step(state: Any, key: jax.Array) -> Any:
        x = jax.random.normal(key, (batch, width))
        wanted = model(state["true"], x, GATES["jax.nn in float32"])

        def loss(params: Any) -> tuple[jax.Array, Any]:
            return jnp.mean((model(params, x, gates) - wanted) ** 2) / jnp.var(wanted), {}

        state, slopes, record = descend(loss, state, rate)
        state["reached"] |= slopes["bias"] != 0
        return state, {**record, "reached": state["reached"].mean()}

    return start, step


# Outliers

GELUS = {
    "jax.nn": jax.nn.gelu,
    "jaxact": jaxact.gelu,
    "jax.nn, approximate=False": lambda x: jax.nn.gelu(x, approximate=False),
}


def normalised(x: jax.Array, gain: jax.Array) -> jax.Array:
    """Layer normalisation, in float32 within as is usual."""
    wide = x.astype("float32")
    wide = (wide - wide.mean(-1, keepdims=True)) * lax.rsqrt(wide.var(-1, keepdims=True) + 1e-6)
    return (wide * gain).astype(x.dtype)


def attention(query: jax.Array, key: jax.Array, value: jax.Array) -> jax.Array:
    """Causal attention, with its softmax in float32; that of jax.nn does not run in float16 on every CPU."""
    query, key, value = (a.swapaxes(1, 2) for a in (query, key, value))
    scores = (query @ key.swapaxes(2, 3)).astype("float32") / np.sqrt(query.shape[-1])
    seen = jnp.tril(jnp.ones(scores.shape[-2:], bool))
    return (jax.nn.softmax(jnp.where(seen, scores, -jnp.inf)).astype(value.dtype) @ value).swapaxes(1, 2)


def transformer(params: Any, text: jax.Array, gelu: Elementwise, heads: int = 4) -> Any:
    """Logits, and the largest argument of gelu."""
    half = jax.tree.map(lambda p: p.astype("float16"), params)
    x = half["embed"][text] + half["position"]

    def block(x: jax.Array, layer: Any) -> tuple[jax.Array, jax.Array]:
        h = normalised(x, layer["gains"][0])
        query, key, value = jnp.split(product(h, layer["qkv"]).reshape(*h.shape[:2], heads, -1), 3, -1)
        x = x + product(attention(query, key, value).reshape(x.shape), layer["mix"])
        h = product(normalised(x, layer["gains"][1]), layer["up"])
        return x + product(gelu(h), layer["down"]), jnp.max(jnp.abs(h))

    x, sizes = lax.scan(block, x, half["blocks"])
    return product(normalised(x, jnp.ones(1)), half["predict"]).astype("float32"), sizes.max()


def outliers(
    gelu: Elementwise,
    _: Options,
    width: int = 48,
    layers: int = 2,
    context: int = 32,
    batch: int = 8,
    rate: float = 3e-3,
) -> Program:
    """Characters of Python's help in float16, with the loss scale of Micikevicius et al."""
    letters = read(None)
    alphabet = sorted(set(letters))
    text = jnp.array(np.searchsorted(alphabet, list(letters)), "int32")

    def start(key: jax.Array, gain: jax.Array) -> Any:
        keys = iter(jax.random.split(key, 7))

        def kernel(*shape: int) -> jax.Array:
            return jax.random.normal(next(keys), shape) / np.sqrt(shape[-2])

        params = {
            "embed": kernel(len(alphabet), width),
            "position": kernel(context, width),
            "predict": kernel(width, len(alphabet)),
            "blocks": {
                "gains": jnp.ones((layers, 2, width)).at[:, 1, 0].set(gain),
                "qkv": kernel(layers, width, 3 * width),
                "mix": kernel(layers, width, width),
                "up": kernel(layers, width, 4 * width),
                "down": kernel(layers, 4 * width, width),
            },
        }
        return begin(params, rate, scale=jnp.array(LARGEST), good=jnp.array(0))

    def step(state: Any, key: jax.Array) -> Any:
        starts = jax.random.randint(key, (batch, 1), 0, len(text) - context)
        seen = text[starts + jnp.arange(context + 1)]

        def loss(params: Any) -> tuple[jax.Array, Any]:
            logits, size = transformer(params, seen[:, :-1], gelu)
            return bits(logits, seen).mean(), {"size": size}

        scale = state["scale"]
        state, _, record = descend(loss, state, rate, scale)
        skipped = record["skipped"]
        good = jnp.where(skipped, 0, state["good"] + 1)
        grown = jnp.where(good % PATIENCE == 0, 2 * scale, scale)
        state["good"], state["scale"] = good, jnp.where(skipped, jnp.maximum(scale / 2, 1), grown)
        return state, {**record, "lost": state["scale"] <= 1}

    return start, step


# Squashed


class Squashing(NamedTuple):
    tanh: Elementwise
    log_slope: Elementwise


SQUASHINGS = {
    "plus 1e-6": Squashing(jnp.tanh, lambda u: jnp.log(1 - jnp.tanh(u) ** 2 + 1e-6)),  # as in SAC's code
    "plain": Squashing(jnp.tanh, lambda u: jnp.log(1 - jnp.tanh(u) ** 2)),
    "by softplus": Squashing(jnp.tanh, lambda u: 2 * (np.log(2) - u - jax.nn.softplus(-2 * u))),
    "jaxact": Squashing(jaxact.tanh, jaxact.log_abs_slope("tanh")),
}


def policy(
    dtype: str,
    squashing: Squashing,
    options: Options,
    inputs: int = 4,
    actions: int = 2,
    width: int = 32,
    batch: int = 256,
    rate: float = 3e-3,
) -> Program:
    """Updates of a soft actor-critic's policy for one action, whose reward is ``a . W s`` and turns to its opposite.

    Half way the best action jumps from one end to the other, where the policy had no density.
    """

    def start(key: jax.Array, temperature: jax.Array) -> Any:
        one, two, three = jax.random.split(key, 3)
        params = {
            "hidden": jax.random.normal(one, (inputs, width)) / np.sqrt(inputs),
            "out": jax.random.normal(two, (width, 2 * actions)) / np.sqrt(width),
            "bias": jnp.zeros(2 * actions),
        }
        reward = jax.random.normal(three, (inputs, actions))
        return begin(params, rate, reward=reward, temperature=temperature, done=jnp.array(0))

    def step(state: Any, key: jax.Array) -> Any:
        states, noise = jax.random.split(key)
        s = jax.random.normal(states, (batch, inputs))
        best = s @ state["reward"] * jnp.where(state["done"] < options.policy_steps // 2, 1, -1)
        normal = jax.random.normal(noise, (batch, actions)).astype(dtype)

        def loss(params: Any) -> tuple[jax.Array, Any]:
            hidden, out, bias = (params[n].astype(dtype) for n in ("hidden", "out", "bias"))
            middle, log_spread = jnp.split(jnp.maximum(s.astype(dtype) @ hidden, 0) @ out + bias, 2, -1)
            log_spread = jnp.clip(log_spread, -20, 2)
            u = middle + jnp.exp(log_spread) * normal
            density = -(normal**2) / 2 - log_spread - np.log(2 * np.pi) / 2
            found = (density - squashing.log_slope(u)).astype("float32").sum(-1)
            true = (density.astype("float32") - SQUASHINGS["jaxact"].log_slope(u.astype("float32"))).sum(-1)
            reward = (squashing.tanh(u).astype("float32") * best).sum(-1)
            record = {
                "value": jnp.mean(reward - state["temperature"] * true) / jnp.abs(best).sum(-1).mean(),
                "off": jnp.mean(jnp.abs(found - true), where=jnp.isfinite(found)),
                "infinite": jnp.mean(~jnp.isfinite(found)),
            }
            return jnp.mean(state["temperature"] * found - reward), record

        state, _, record = descend(loss, state, rate)
        state["done"] += 1
        return state, record

    return start, step


# Report


def studies(case: str, options: Options) -> dict[str, Study]:
    reached = Measure("reached", "share of gates that ever had a gradient")
    skipped = Measure("skipped", "share of updates lost", whole=True)
    if case == "gates":
        error = Measure("loss", "squared error")
        during = Measure("loss", "squared error, mean of the run", whole=True)
        return {
            "adding": Study(
                "Adding task: LSTM in bfloat16",
                "Tmax",
                (1000,),
                GATES,
                adding,
                options.lstm_steps,
                {"loss": error, "during": during, "reached": reached},
                (Panel("loss", 0, "log"), Panel("reached", 0)),
            ),
            "router": Study(
                "Sigmoid router in bfloat16",
                "bias at the start",
                (4, 6, 8, 10, 12),
                GATES,
                router,
                options.router_steps,
                {"loss": error, "reached": reached},
                (Panel("loss", None, "log"),),
            ),
        }
    if case == "outliers":
        lost = Measure("lost", "share of runs lost")
        size = Measure("size", "largest argument of gelu", whole=True)
        return {
            "outliers": Study(
                "Transformer in float16",
                "gain of the outlier channel",
                (1, 50, 75, 100, 200),
                GELUS,
                outliers,
                options.outliers_steps,
                {"loss": Measure("loss", "bits per character"), "skipped": skipped, "lost": lost, "size": size},
                (Panel("skipped", None), Panel("loss", None), Panel("loss", 3)),
            )
        }
    value = Measure("value", "soft reward / best reward")
    off = Measure("off", "error of finite log likelihoods / nats")
    infinite = Measure("infinite", "share of infinite likelihoods", whole=True)
    return {
        f"policy {dtype}": Study(
            f"Squashed policy in {dtype}",
            "temperature",
            (0.1, 0.01, 0.001),
            SQUASHINGS,
            functools.partial(policy, dtype),
            options.policy_steps,
            {"value": value, "skipped": skipped, "off": off, "infinite": infinite},
            (Panel("value", 1), Panel("skipped", None)),
        )
        for dtype in ("float32", "bfloat16")
    }


def summarise(study: Study, records: Records) -> list[dict[str, Any]]:
    """One row per setting and variant: of each measure the mean, its difference from the first, and both intervals."""
    rows = []
    for i, setting in enumerate(study.settings):
        first: dict[str, np.ndarray] = {}
        for variant, found in records.items():
            row: dict[str, Any] = {"setting": setting, "functions": variant}
            for name, measure in study.measures.items():
                rounds = found[measure.record][i].astype("float64")
                each = rounds.mean(-1) if measure.whole else rounds[:, -1]
                parts = (*interval(each), *interval(each - first.setdefault(name, each)), each.tolist())
                fields = ("mean", "interval", "difference", "difference_interval", "each")
                row[name] = dict(zip(fields, parts, strict=True))
            rows.append(row)
    return rows


def show(study: Study, rows: list[dict[str, Any]], seeds: int) -> None:
    outcome = next(iter(study.measures))
    labels = [measure.label for measure in study.measures.values()]
    shown = [
        [
            f"{row['setting']:g}",
            row["functions"],
            *(f"{row[name]['mean']:.3g} ± {row[name]['interval']:.2g}" for name in study.measures),
            f"{row[outcome]['difference']:+.2g} ± {row[outcome]['difference_interval']:.2g}",
        ]
        for row in rows
    ]
    header = [study.setting, "functions", *labels, f"less that of {next(iter(study.variants))}"]
    progress.table(f"{study.title}: mean and 95 % interval of {seeds} seeds", header, shown)


def draw(path: Path, done: list[tuple[Study, Records, list[dict[str, Any]]]]) -> None:
    """Panels of all studies of a case, with 95 % intervals."""
    from matplotlib.figure import Figure

    panels = [(*parts, panel) for parts in done for panel in parts[0].panels]
    figure = Figure(figsize=(4.4 * len(panels), 4.2), layout="constrained")
    every = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, (study, records, rows, panel) in zip(every, panels, strict=True):
        measure = study.measures[panel.measure]
        for j, (variant, found) in enumerate(records.items()):
            style: dict[str, Any] = {"label": variant, **figures.style(j)}
            if panel.setting is None:
                shown = [row[panel.measure] for row in rows if row["functions"] == variant]
                x = np.arange(len(shown)) + 0.06 * (j - (len(records) - 1) / 2)  # side by side where they are equal
                means, halves = ([r[k] for r in shown] for k in ("mean", "interval"))
                axes.errorbar(x, means, halves, marker="o", markersize=4, capsize=3, **style)
                axes.set_xticks(range(len(shown)), [f"{s:g}" for s in study.settings])
            else:
                bands = np.array([interval(r) for r in found[measure.record][panel.setting].T])
                x = (np.arange(ROUNDS) + 0.5) * (study.steps / ROUNDS)
                axes.plot(x, bands[:, 0], **style)
                axes.fill_between(
                    x, bands[:, 0] - bands[:, 1], bands.sum(1), color=style["color"], alpha=0.15, linewidth=0
                )
        at = "" if panel.setting is None else f"\n{study.setting} {study.settings[panel.setting]:g}"
        axes.set(xlabel=study.setting if panel.setting is None else "step", ylabel=measure.label, yscale=panel.scale)
        axes.set_title(study.title + at, fontsize=10)
        axes.grid(alpha=0.3)
    figure.legend(*every[0].get_legend_handles_labels(), loc="outside lower center", ncols=4)
    figures.save_figure(figure, path)


def show_slopes() -> None:
    """The slopes that all this is about."""
    log_slope = {name: squashing.log_slope for name, squashing in SQUASHINGS.items()}
    places = (
        ("slope of sigmoid at 6", jax.grad(jaxact.sigmoid), jax.grad(jax.nn.sigmoid), jnp.array(6.0, "bfloat16")),
        ("slope of gelu at 150", jax.grad(jaxact.gelu), jax.grad(jax.nn.gelu), jnp.array(150.0, "float16")),
        ("log slope of tanh at 9", log_slope["jaxact"], log_slope["plain"], jnp.array(9.0, "float32")),
    )
    rows = [[label, str(x.dtype), *(f"{float(f(x)):.4g}" for f in both)] for label, *both, x in places]
    progress.table("In the tails", ["", "dtype", "jaxact", "jax.nn"], rows)


def main(options: Options) -> None:
    for name in ("lstm_steps", "router_steps", "outliers_steps", "policy_steps"):
        steps = getattr(options, name)
        if steps < ROUNDS or steps % ROUNDS:
            raise BadInput(f"--{name.replace('_', '-')} {steps} is not a positive multiple of {ROUNDS}")
    if options.seeds < 1 or options.length < 2:
        raise BadInput(f"--seeds {options.seeds} and --length {options.length} must be at least 1 and 2")
    with run.open_folder("saturation", options) as folder:  # pyright: ignore[reportArgumentType]
        show_slopes()
        results = {}
        for case in options.cases:
            done = []
            for name, study in studies(case, options).items():
                began = time.perf_counter()
                records = {variant: train(study, given, options) for variant, given in study.variants.items()}
                rows = summarise(study, records)
                done.append((study, records, rows))
                results[name] = {"title": study.title, "setting": study.setting, "rows": rows}
                show(study, rows, options.seeds)
                progress.say(f"{time.perf_counter() - began:.0f} s")
            draw(folder / f"{case}.png", done)
            run.write_whole(folder / "results.json", json.dumps(results, indent=1) + "\n")
        progress.say(f"figures and results are in {folder}")


if __name__ == "__main__":
    options.main(Options, main, __doc__)  # pyright: ignore[reportArgumentType]
