"""Does a network that learns its activations beat the best fixed one, and what shapes do its layers learn?

    python examples/adaptive.py                                    # digits
    python examples/adaptive.py --data-dir DIR --epochs 4          # MNIST
    python examples/adaptive.py --text FILE --epochs 2             # a transformer of characters
    python examples/adaptive.py --rank                             # what theory predicts, against training

Each layer learns parameters of its own activation: weights of a mixture of functions, coefficients of a quotient of
polynomials, Swish's sharpness or xIELU's slopes. Learned and fixed activations are trained from the same seeds on the
same batches, all seeds in one compiled program, and compared seed by seed with the best fixed one. Then each learned
shape is replaced by the nearest of jaxact's functions, and the network is trained again with these ("then fixed").
Nearest means the least mean square difference over the layer's inputs, after the best scale and offset, for which the
next layer can make up. Writes results.json, adaptive.md and shapes.png, the shapes of the first seed from light, at the
start, to dark, at the end.

With ``--rank``, mean-field theory ranks every elementwise function without training, by how much a plain deep network
changes the difference of two inputs on the way forward, and a gradient on the way back. Beside that stands a feature of
Bingham and Miikkulainen, 2023, arXiv:2301.05785, the eigenvalues of the Fisher matrix of an untrained network: how far
their logarithms are from those of the linear network, which loses neither signals nor gradients. (That distance is a
choice made here; the article predicts from functions that were trained before.) A dozen are then trained, and
Spearman's rank correlation compares each order with theirs. Writes results.json, rank.md and rank.png.

The first command takes five minutes on two busy cores. Over 8 seeds, xIELU is best with 97.8 %, 0.9 ± 0.7 points above
relu and 0.9 ± 0.4 above gelu; but fixed at its initial parameters it is as good as learned (0.0 ± 0.4), so the shape
counts, not the learning. A learned rational function gives 97.6 %. A learned mixture of relu, tanh and silu gives 96.5
% and Swish 96.5 %, no better than the fixed ones. Trained again with the nearest fixed functions, the network loses 0.8
points against the rational one, and nothing against mixture and Swish. A mixture with sine, whose frequency is 30,
gives 47 %.

On tinyshakespeare, two blocks of width 32, one pass and 3 seeds (``benchmarks/studies.py`` has the command), all are
within noise: xIELU 3.499 bits per character, fixed or learned, relu 3.522, Swish 3.526, the mixture 3.537.

``--rank --seeds 4`` takes eight minutes. The rank correlation of theory and training is 0.84 (p = 0.0007). Theory
tells apart sigmoid, softplus, sine and gaussian, which hardly train at 20 layers, from the other eight; among those the
correlation is 0.5, which may be chance (p = 0.2). That of the Fisher distance is 0.52 (p = 0.08), and -0.2 among the
eight (p = 0.7): it does not tell gaussian from them.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import jax
import jax.numpy as jnp
import language
import numpy as np
import optax
from compare import compare
from depth import Deep
from flax import linen as nn
from flax import traverse_util
from jax.sharding import Mesh
from jaxact_examples import figures, mesh, options, progress, run, seeds
from jaxact_examples.activations import FIXED, activation, check_names, learned, module_of
from jaxact_examples.data import Arrays, Batches, Images, load_images
from jaxact_examples.options import BadInput
from jaxact_examples.trainer import train

import jaxact
from jaxact import linen, theory


@dataclasses.dataclass(frozen=True)
class Options(options.Training):
    fixed: tuple[str, ...] = ("relu", "gelu", "silu", "mish", "xielu")
    """Fixed activations, the best of which the others are compared with."""
    learn: tuple[str, ...] = ("relu+tanh+silu", "rational", "swish", "xielu")
    """Learned activations; names that are joined by + are a mixture."""
    seeds: int = 8
    """Number of seeds, counted from --seed."""
    layers: int = 3
    """Hidden layers, or transformer blocks."""
    width: int = 128
    """Units of each."""
    dataset: str = "digits"
    """Embedded data set."""
    data_dir: Path | None = None
    """Folder with IDX files, gzipped or not, in place of the embedded data set."""
    text: Path | None = None
    """Text file in UTF-8, for a transformer of characters in place of a classifier of images."""
    epochs: int = 10
    """Passes over the training data."""
    catalogue: tuple[str, ...] = ()
    """Functions among which the nearest is sought, or that are ranked; all elementwise ones by default."""
    rank: bool = False
    """Rank functions by theory, and compare with training."""
    ranked: tuple[str, ...] = (
        "relu", "leaky_relu", "elu", "selu", "gelu", "silu", "mish", "softplus", "tanh", "sigmoid", "sine", "gaussian",
    )  # fmt: skip
    """Functions that --rank trains."""
    depth: int = 20
    """Hidden layers of the networks of --rank."""


@dataclasses.dataclass(frozen=True)
class Task:
    """Data, and a network of them whose layers' activations have names.

    Attributes:
      train, test: arrays by sample.
      model: a network from a name for each layer.
      inputs: what the network takes from a batch.
      judge: loss and score of each sample, from the network's result and a batch; a higher score is better.
      unit: what the score is.
    """

    train: Arrays
    test: Arrays
    model: Callable[[Sequence[str]], nn.Module]
    inputs: Callable[[Any], jax.Array]
    judge: Callable[[jax.Array, Any], tuple[jax.Array, jax.Array]]
    unit: Literal["accuracy", "bits"]


class Perceptron(nn.Module):
    activations: tuple[str, ...]
    classes: int
    width: int

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
        x = x.reshape(len(x), -1)
        for i, name in enumerate(self.activations):
            x = activation(name, i, train=train)(nn.Dense(self.width, name=f"up_{i}")(x))
        return nn.Dense(self.classes)(x)


class Reader(nn.Module):
    activations: tuple[str, ...]
    characters: int
    width: int

    @nn.compact
    def __call__(self, x: jax.Array, train: bool = False) -> jax.Array:
        small = nn.initializers.normal(0.02)
        position = self.param("position", small, (CONTEXT, self.width), "float32")
        x = nn.Embed(self.characters, self.width, embedding_init=small)(x) + position[: x.shape[1]]
        for i, name in enumerate(self.activations):
            x, _ = language.Block(name, self.width, HEADS, train, "float32", name=f"block_{i}")(x, None)
        return nn.Dense(self.characters, use_bias=False)(nn.LayerNorm()(x))


CONTEXT, HEADS = 64, 4


def images(data: Images, width: int) -> Task:
    def judge(logits: jax.Array, batch: Any) -> tuple[jax.Array, jax.Array]:
        loss = optax.softmax_cross_entropy_with_integer_labels(logits, batch["label"])
        return loss, (logits.argmax(-1) == batch["label"]).astype("float32")

    return Task(
        data.train,
        data.test,
        lambda names: Perceptron(tuple(names), data.classes, width),
        lambda batch: batch["image"].astype("float32") / data.peak,
        judge,
        "accuracy",
    )


def characters(letters: str, width: int) -> Task:
    alphabet = sorted(set(letters))
    text = np.searchsorted(alphabet, list(letters)).astype(np.int32)
    known, unknown = np.split(text, [len(text) * 9 // 10])
    if len(unknown) <= CONTEXT:
        raise BadInput(f"a text of {len(text)} characters is too short; it takes at least {11 * CONTEXT}")

    def windows(part: np.ndarray) -> Arrays:
        starts = np.arange(0, len(part) - CONTEXT, CONTEXT)
        return {"text": part[starts[:, None] + np.arange(CONTEXT + 1)]}

    def judge(logits: jax.Array, batch: Any) -> tuple[jax.Array, jax.Array]:
        bits = language.bits(logits, batch["text"]).mean(-1)
        return bits, -bits

    return Task(
        windows(known),
        windows(unknown),
        lambda names: Reader(tuple(names), len(alphabet), width),
        lambda batch: batch["text"][:, :-1],
        judge,
        "bits",
    )


def make_study(task: Task, model: nn.Module, options: Options, devices: Mesh) -> seeds.ManySeeds:
    """The training of a network from every seed; the records have each seed's score, and the first one's shapes."""
    test = Batches(task.test, min(500, len(next(iter(task.test.values())))), seed=None)
    held = mesh.place(devices, [test[i] for i in range(len(test))], None)
    example = task.inputs({name: array[:1] for name, array in task.train.items()})

    def loss(params: Any, batch: Any, key: jax.Array) -> jax.Array:
        given = model.apply({"params": params}, task.inputs(batch), train=True, rngs={"activation": key})
        return jnp.sum(task.judge(given, batch)[0] * batch["weight"]) / jnp.sum(batch["weight"])

    @jax.jit
    def score(params: Any, batch: Any) -> jax.Array:
        def one(params: Any) -> jax.Array:
            given = model.apply({"params": params}, task.inputs(batch))
            return jnp.sum(task.judge(given, batch)[1] * batch["weight"])

        return jax.vmap(one)(params)

    def evaluate(params: Any) -> dict[str, Any]:
        scores = np.sum([jax.device_get(score(params, batch)) for batch in held], 0) / test.samples
        shapes = [{k: v[0].tolist() for k, v in shape.items()} for shape in shapes_of(jax.device_get(params))]
        return {"score": float(scores.mean()), "scores": scores.tolist(), "shapes": shapes}

    return seeds.from_each(
        task.train,
        options,
        options.seeds,
        options.epochs,
        devices,
        best="score",
        unit="samples",
        initial=lambda key: model.init(key, example)["params"],
        loss=loss,
        evaluate=evaluate,
    )


def shapes_of(params: Any) -> list[dict[str, np.ndarray]]:
    """Parameters of each layer's activation, from the first layer on; none where they are fixed."""
    layers: dict[str, dict[str, np.ndarray]] = {}
    for path, value in learned(params).items():
        layer, _, name = path.rpartition("/")
        layers.setdefault(layer, {})[name] = value
    return [layers[layer] for layer in sorted(layers, key=_numbers)]


def _numbers(path: str) -> list[int]:
    return [int(digits) for digits in re.findall(r"\d+", path)]


def shape(name: str, params: Any) -> Callable[[Any], np.ndarray]:
    """The function that an activation has become."""
    module = activation(name, 0)
    if not isinstance(module, nn.Module):
        return lambda x: np.asarray(module(jnp.asarray(x, "float32")))
    given = {"params": jax.tree.map(lambda v: jnp.asarray(v, "float32"), params, is_leaf=lambda v: isinstance(v, list))}
    return lambda x: np.asarray(module.apply(given, jnp.asarray(x, "float32")))


def inputs_of(task: Task, model: nn.Module, params: Any, seeds: int) -> np.ndarray:
    """A sample of what each layer's activation gets in the trained networks, by layer, seed and number."""
    batch = {name: array[:256] for name, array in task.test.items()}
    found = []
    for i in range(seeds):
        one = jax.tree.map(lambda v, i=i: v[i], params)
        up = {"capture_intermediates": lambda module, _: (module.name or "").startswith("up")}
        _, kept = model.apply({"params": one}, task.inputs(batch), mutable=["intermediates"], **up)
        flat = traverse_util.flatten_dict(kept["intermediates"], sep="/")
        layers = [np.asarray(flat[path][0]).ravel() for path in sorted(flat, key=_numbers)]
        found.append([np.random.default_rng(0).choice(layer, 2000) for layer in layers])
    return np.swapaxes(np.array(found), 0, 1)


def distance(y: np.ndarray, z: np.ndarray) -> float:
    """Root mean square of what no scale and offset of ``z`` leaves of ``y``, over the standard deviation of ``y``."""
    y, z = (np.asarray(a, np.float64) - np.mean(a, dtype=np.float64) for a in (y, z))
    size = np.sum(y * y) * np.sum(z * z)
    if not 0 < size < np.inf:
        return np.inf
    return float(np.sqrt(max(1 - np.sum(y * z) ** 2 / size, 0)))


def nearest(y: np.ndarray, x: np.ndarray, catalogue: Sequence[str]) -> list[tuple[str, float]]:
    """For each layer the nearest function, and how far it is: ``y`` of arguments ``x``, by layer, seed and number."""
    found = [("", np.inf)] * len(x)
    for name in catalogue:
        z = np.asarray(jaxact.get(name)(jnp.asarray(x, "float32")))
        for i in range(len(x)):
            apart = float(np.mean([distance(a, b) for a, b in zip(y[i], z[i], strict=True)]))
            if apart < found[i][1]:
                found[i] = (name, apart)
    return found


def unlearned(name: str) -> str:
    """The name of an activation without parameters to learn."""
    return name if module_of(linen, name) is None else f"{FIXED}{name}"


def catalogue(options: Options) -> tuple[str, ...]:
    return options.catalogue or tuple(s.name for s in jaxact.specs() if s.elementwise)


def adapt(task: Task, options: Options, devices: Mesh, folder: Path) -> None:
    histories: dict[str, list[dict[str, Any]]] = {}

    def result(label: str, names: Sequence[str]) -> tuple[nn.Module, Any]:
        model = task.model(names)
        study = make_study(task, model, options, devices)
        state, histories[label] = train(label, study, options, devices, folder / label)
        return model, jax.device_get(state.params)

    fixed = [unlearned(name) for name in options.fixed]
    for name in fixed:
        result(name, [name] * options.layers)
    shapes: dict[str, dict[str, Any]] = {}
    for name in options.learn:
        model, params = result(name, [name] * options.layers)
        x = inputs_of(task, model, params, options.seeds)
        parts = shapes_of(params)
        y = np.array(
            [
                [shape(name, {k: v[s] for k, v in parts[i].items()})(x[i, s]) for s in range(options.seeds)]
                for i in range(options.layers)
            ]
        )
        near = nearest(y, x, catalogue(options))
        shapes[name] = {
            "nearest": [n for n, _ in near],
            "distance": [d for _, d in near],
            "range": np.quantile(x, [0.01, 0.99], axis=(1, 2)).T.tolist(),
        }
        result(f"{name}, then fixed", [unlearned(near) for near in shapes[name]["nearest"]])
    if mesh.is_first():
        write_report(folder, task, options, fixed, histories, shapes)


def write_report(
    folder: Path,
    task: Task,
    options: Options,
    fixed: list[str],
    histories: dict[str, Any],
    shapes: dict[str, dict[str, Any]],
) -> None:
    scores = {label: np.array(history[-1]["scores"]) for label, history in histories.items()}
    best = max(fixed, key=lambda name: scores[name].mean())
    rows = compare(scores, best)

    def shown(value: float, sign: str = "") -> str:
        return f"{value:{sign}.2%}" if task.unit == "accuracy" else f"{-value:{sign}.3f}"

    header = ["activation", task.unit, f"against {best}", "verdict"]
    lines = [
        [
            row["activation"],
            f"{shown(row['accuracy'])} ± {shown(abs(row['interval'])).lstrip('-')}",
            f"{shown(row['difference'], '+')} ± {shown(abs(row['difference_interval'])).lstrip('-')}",
            row["verdict"],
        ]
        for row in rows
    ]
    report = {"unit": task.unit, "best": best, "rows": rows, "table": [header, *lines], "shapes": shapes}
    each = {label: values.tolist() for label, values in scores.items()}
    run.write_whole(folder / "results.json", json.dumps({**report, "scores": each}, indent=1) + "\n")
    layers = ["learned", *(f"layer {i + 1}" for i in range(options.layers))]
    named = [
        [name, *(f"{n} ({d:.1%})" for n, d in zip(found["nearest"], found["distance"], strict=True))]
        for name, found in shapes.items()
    ]
    progress.table(f"{options.seeds} seeds, mean and 95 % interval, best first", header, lines)
    progress.table("Nearest function of each layer, and how far", layers, named)
    text = "\n".join(progress.markdown(*table) for table in ((header, lines), (layers, named)))
    run.write_whole(folder / "adaptive.md", text)
    draw(folder / "shapes.png", histories, shapes, options.layers)
    progress.say(f"tables, figure, metrics and checkpoints are in {folder}")


def draw(path: Path, histories: dict[str, Any], shapes: dict[str, dict[str, Any]], layers: int) -> None:
    """Shapes of the first seed after each round, light to dark, and the nearest function, fitted to the last."""
    from matplotlib import colormaps
    from matplotlib.figure import Figure

    figure = Figure(figsize=(3 * layers, 2.4 * len(shapes)), layout="constrained")
    grid = figure.subplots(len(shapes), layers, squeeze=False)
    for row, (name, found) in zip(grid, shapes.items(), strict=True):
        for i, axes in enumerate(row):
            x = np.linspace(*found["range"][i], 201)
            history = histories[name]
            for r, record in enumerate(history):
                color = colormaps["viridis_r"](0.1 + 0.9 * r / max(len(history) - 1, 1))
                y = shape(name, record["shapes"][i])(x)
                axes.plot(x, y, color=color, linewidth=1)
            z = np.asarray(jaxact.get(found["nearest"][i])(jnp.asarray(x, "float32")))
            slope, offset = np.polyfit(z, y, 1)
            axes.plot(x, slope * z + offset, "k--", linewidth=1)
            axes.set_title(f"{name}, layer {i + 1}\nnearest: {found['nearest'][i]} (dashed)", fontsize=8)
            axes.grid(alpha=0.3)
    figure.supxlabel("input of the activation, from its 1st to its 99th percentile", fontsize=9)
    figures.save_figure(figure, path)


def predict(name: str, depth: int) -> dict[str, float]:
    """What theory says of a deep network with the gain that keeps the size of signals.

    ``gradient`` is the logarithm of the factor by which the layers multiply the square of gradients, ``contrast`` that
    of the factor for 1 minus the correlation of two inputs that starts at 1/2, and ``loss`` the sum of their sizes.
    """
    gain = float(theory.gains(name).rms)
    gradient = depth * float(jnp.log(theory.chi(name, sigma_w=gain)))
    correlation = jnp.float32(0.5)
    for _ in range(depth):
        correlation = theory.correlation_map(name, correlation, sigma_w=gain).clip(-1, 1)
    contrast = float(jnp.log(2 * jnp.maximum(1 - correlation, 1e-7)))
    return {"gain": gain, "gradient": gradient, "contrast": contrast, "loss": abs(gradient) + abs(contrast)}


@np.errstate(divide="ignore", over="ignore", invalid="ignore")
def fisher(f: Callable[[jax.Array], jax.Array], kernels: Sequence[np.ndarray], x: np.ndarray) -> np.ndarray:
    """Eigenvalues of the Fisher matrix of a classifier whose biases are 0, largest first, but not those that must be 0.

    The matrix is ``J^T J / n`` for n inputs, and ``J J^T / n`` has the same eigenvalues: ``J`` has a row for each input
    and class k, the gradient of ``log p_k`` times the root of ``p_k``. In a layer's kernel and bias that gradient is
    the outer product of its input ``(a, 1)`` with the gradient ``g`` in its result. The dot product of two of them is
    ``(a . a' + 1) (g . g')``.
    """

    @jax.jit
    def value_and_slope(z: jax.Array) -> tuple[jax.Array, jax.Array]:
        return jax.jvp(f, (z,), (jnp.ones_like(z),))

    inputs, slopes = [np.asarray(x, np.float64)], []
    for kernel in kernels[:-1]:
        value, slope = value_and_slope(jnp.asarray(inputs[-1] @ kernel, "float32"))
        inputs.append(np.asarray(value, np.float64))
        slopes.append(np.asarray(slope, np.float64))
    root = np.sqrt(np.asarray(jax.nn.softmax(inputs[-1] @ kernels[-1]), np.float64))
    classes = root.shape[1]
    g = root[:, :, None] * (np.eye(classes) - root[:, None, :] ** 2)  # in the last result, for each class
    gram = np.zeros(2 * (len(x) * classes,))
    for i in reversed(range(len(kernels))):
        rows = g.reshape(len(gram), -1)
        gram += np.kron(inputs[i] @ inputs[i].T + 1, np.ones((classes, classes))) * (rows @ rows.T)
        if i > 0:
            g = (g @ kernels[i].T) * slopes[i - 1][:, None]
    if not np.isfinite(gram).all():
        return np.full(len(x) * (classes - 1), np.nan)
    return np.linalg.eigvalsh(gram / len(x))[::-1][: len(x) * (classes - 1)]


def spectrum(name: str, gain: float, data: Images, options: Options) -> np.ndarray:
    """Logarithms of the Fisher eigenvalues of an untrained network of width 32, on 32 images; their mean over seeds."""
    x = data.train["image"][:32].reshape(32, -1) / data.peak
    sizes = [x.shape[1], *[32] * options.depth, data.classes]
    found = []
    for seed in range(options.seed, options.seed + options.seeds):
        rng = np.random.default_rng(seed)
        gains = [1.0, *[gain] * (options.depth - 1), 1.0]  # as Deep has them
        kernels = [rng.normal(0, g / n**0.5, (n, m)) for g, n, m in zip(gains, sizes[:-1], sizes[1:], strict=True)]
        values = fisher(jaxact.get(name), kernels, x)
        found.append(np.log(np.maximum(values, 1e-12 * values[0])))  # beyond which they are rounding errors
    return np.mean(found, 0)


def rank(data: Images, options: Options, devices: Mesh, folder: Path) -> None:
    from matplotlib.figure import Figure
    from scipy import stats

    names = dict.fromkeys((*catalogue(options), *options.ranked))
    predicted = {name: predict(name, options.depth) for name in names}
    linear = spectrum("identity", 1.0, data, options)
    for name, found in predicted.items():
        apart = np.sqrt(np.mean((spectrum(name, found["gain"], data, options) - linear) ** 2))
        found["fisher"] = float(np.nan_to_num(apart, nan=np.inf))
    order = sorted((n for n in predicted if np.isfinite(predicted[n]["loss"])), key=lambda n: predicted[n]["loss"])
    trained: dict[str, list[float]] = {}
    for name in options.ranked:
        model = Deep(name, options.depth, data.classes, options.width, predicted[name]["gain"] ** 2, False)
        study = seeds.make_study(model, options, data, options.seeds, options.epochs, devices)
        _, history = train(name, study, options, devices, folder / name)
        trained[name] = history[-1]["test_accuracies"]
    means = {name: float(np.mean(each)) for name, each in trained.items()}
    if not mesh.is_first():
        return
    agreement = {}
    for feature in ("loss", "fisher"):
        both = stats.spearmanr([-predicted[n][feature] for n in trained], list(means.values()))
        agreement[feature] = {"spearman": float(both.statistic), "p": float(both.pvalue)}
    report = {"order": order, "predicted": predicted, "trained": trained, "agreement": agreement}
    run.write_whole(folder / "results.json", json.dumps(report, indent=1) + "\n")
    header = ["activation", "gradient", "contrast", "predicted loss", "Fisher distance", "test accuracy"]
    values = {n: [f"{predicted[n][k]:.2f}" for k in ("gradient", "contrast", "loss", "fisher")] for n in order}
    rows = [[n, *values[n], f"{means[n]:.2%}" if n in means else ""] for n in order]
    run.write_whole(folder / "rank.md", progress.markdown(header, rows))
    progress.table("Trained, in the order that theory predicts", header, [row for row in rows if row[0] in means])
    for feature, found in agreement.items():
        said = f"{found['spearman']:.2f} (p = {found['p']:.2g}, {len(means)} functions)"
        progress.say(f"Spearman's rank correlation of accuracy and {feature}: {said}")
    figure = Figure(figsize=(6, 4), layout="constrained")
    axes = figure.subplots()
    for name, mean in means.items():
        axes.plot(predicted[name]["loss"], mean, "o", color=figures.style(0)["color"])
        axes.annotate(name, (predicted[name]["loss"], mean), xytext=(4, 3), textcoords="offset points", fontsize=8)
    axes.set(xlabel="predicted loss of signal and gradient (log)", ylabel="test accuracy", xscale="symlog")
    axes.grid(alpha=0.3)
    figures.save_figure(figure, folder / "rank.png")
    progress.say(f"table of all {len(order)} functions, figure, metrics and checkpoints are in {folder}")


def main(options: Options) -> None:
    mesh.join(options)
    check_names((*options.fixed, *options.learn))
    check_names(given := (*options.catalogue, *options.ranked))
    if wrong := [n for n in given if not jaxact.spec(n).elementwise]:
        raise BadInput(f"--catalogue and --ranked take functions of one number, {', '.join(wrong)} is not one")
    if min(options.layers, options.width, options.depth) < 1:
        raise BadInput(
            f"--layers, --width and --depth must be at least 1, got {options.layers}, {options.width}, {options.depth}"
        )
    if options.text is not None and options.width % HEADS:
        raise BadInput(f"--width {options.width} is not a multiple of the {HEADS} heads of the transformer")
    if wrong := [n for n in options.learn if not isinstance(activation(n, 0), nn.Module)]:
        raise BadInput(f"--learn takes activations with parameters to learn, {', '.join(wrong)} has none")
    devices = seeds.seeds_mesh(options, options.seeds)
    if options.text is not None and not options.rank:
        task = characters(language.read(options.text), options.width)
    else:
        data = load_images(options.dataset, options.data_dir)
        task = images(data, options.width)
    with run.open_folder("adaptive", options) as folder:
        if options.rank:
            rank(data, options, devices, folder)
        else:
            adapt(task, options, devices, folder)


if __name__ == "__main__":
    options.main(Options, main, __doc__)
