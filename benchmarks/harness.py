"""What the benchmarks share: the peers, the machine, and where results go."""

from __future__ import annotations

import datetime
import functools
import importlib.metadata
import inspect
import json
import math
import os
import platform
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp

import jaxact

if TYPE_CHECKING:
    from rich.progress import Progress

ROOT = Path(__file__).resolve().parent.parent
RESULTS = Path(__file__).resolve().parent / "results"
sys.path.append(str(ROOT / "tests"))  # for the ulp and the oracle, which are defined there alone


class _Plain:
    """The console where rich is not installed: text as it is."""

    def print(self, text: str, style: str = "") -> None:
        print(text, flush=True)


def _console() -> Any:
    try:
        from rich.console import Console
    except ImportError:
        return _Plain()
    found = Console()
    return found if found.is_terminal else Console(width=160)  # so that a log keeps whole tables


console = _console()

# Where PyTorch has another name for it, or another default, or keeps it outside torch.nn.functional.
_TORCH = {
    "gelu": ("gelu", {"approximate": "tanh"}),
    "gelu_exact": ("gelu", {}),
    "gelu_tanh": ("gelu", {"approximate": "tanh"}),
    "glu": ("glu", {}),
    "hard_shrink": ("hardshrink", {}),
    "hard_sigmoid": ("hardsigmoid", {}),
    "hard_silu": ("hardswish", {}),
    "hard_tanh": ("hardtanh", {}),
    "leaky_relu": ("leaky_relu", {}),
    "log_sigmoid": ("logsigmoid", {}),
    "log_softmax": ("log_softmax", {"dim": -1}),
    "soft_shrink": ("softshrink", {}),
    "soft_sign": ("softsign", {}),
    "softmax": ("softmax", {"dim": -1}),
    "softmin": ("softmin", {"dim": -1}),
    "swish": ("silu", {}),
    "tanh_shrink": ("tanhshrink", {}),
}
_TORCH_SAME_NAME = ("celu", "elu", "mish", "relu", "relu6", "selu", "sigmoid", "silu", "softplus", "tanh")
_TORCH_TOP_LEVEL = ("atan", "erf")


def jax_nn(name: str) -> Callable | None:
    """The function of ``jax.nn`` that computes the same, if there is one."""
    if name in ("gelu_exact", "gelu_tanh"):
        return functools.partial(jax.nn.gelu, approximate=name == "gelu_tanh")
    return getattr(jax.nn, name, None)


def pytorch(name: str) -> Callable | None:
    """The function of PyTorch that computes the same, if there is one and PyTorch is installed."""
    try:
        import torch
    except ImportError:
        return None
    if name in _TORCH_TOP_LEVEL:
        return getattr(torch, name)
    if name in _TORCH_SAME_NAME:
        return getattr(torch.nn.functional, name)
    if name in _TORCH:
        function, arguments = _TORCH[name]
        return functools.partial(getattr(torch.nn.functional, function), **arguments)
    return None


def chosen(names: Iterable[str]) -> list[jaxact.Activation]:
    """Records of the named activations, or of all."""
    try:
        return [jaxact.spec(n) for n in names] or jaxact.specs()
    except KeyError as error:
        raise SystemExit(error.args[0]) from None


def of_one_array(f: Callable) -> Callable:
    """An activation of ``jaxact`` of one array: of gate and value side by side if it takes both, its key fixed."""
    if "key" in inspect.signature(f).parameters:
        return lambda x: f(x, jax.random.key(0))
    needed = arrays_of(f)
    return f if needed == 1 else lambda x: f(*jnp.split(x, needed, -1))


def arrays_of(f: Callable) -> int:
    """How many arrays a function takes: arguments without a default."""
    return sum(p.default is p.empty for p in inspect.signature(f).parameters.values())


def platform_name() -> str:
    """``cpu``, or what kind of accelerator it is, such as ``nvidia-h200``."""
    device = jax.devices()[0]
    return "cpu" if device.platform == "cpu" else device.device_kind.lower().replace(" ", "-")


def circumstances() -> dict[str, Any]:
    """Machine, versions, date and command of a measurement."""
    versions = {"python": platform.python_version(), "jaxact": jaxact.__version__}
    for package in ("jax", "jaxlib", "flax", "optax", "numpy", "scipy", "torch"):
        try:
            versions[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    script = Path(sys.argv[0])
    return {
        "device": jax.devices()[0].device_kind if platform_name() != "cpu" else _cpu(),
        "cores": cores(),
        "versions": versions,
        "revision": revision(),
        "date": datetime.date.today().isoformat(),
        "command": " ".join(["python", f"benchmarks/{script.name}", *sys.argv[1:]]),
    }


def cores() -> int:
    """How many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def revision() -> str:
    try:
        command = ["git", "describe", "--always", "--dirty", "--abbrev=10"]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"


def plain(value: Any) -> Any:
    """``value`` as JSON has it: no infinity, no more digits than were measured."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, float):
        return float(f"{value:.5g}") if math.isfinite(value) else str(value)
    return value


def lines(value: Any, indent: str = "") -> str:
    """JSON of ``value`` with a record a line: each entry of a list, and what holds nothing but numbers and strings."""
    deeper = indent + " "
    if isinstance(value, dict) and any(isinstance(v, (dict, list)) for v in value.values()):
        entries = [f"{deeper}{json.dumps(k)}: {lines(v, deeper)}" for k, v in value.items()]
        return "{\n" + ",\n".join(entries) + f"\n{indent}}}"
    if isinstance(value, list) and any(isinstance(v, dict) for v in value):
        return "[\n" + ",\n".join(deeper + json.dumps(v) for v in value) + f"\n{indent}]"
    return json.dumps(value)


def save(
    benchmark: str,
    results: dict[str, Any],
    markdown: str,
    into: Path = RESULTS,
    command: str | None = None,
    quiet: bool = False,
) -> None:
    """Write ``<benchmark>-<platform>.json`` and the Markdown tables beside it; ``command`` where this one has paths."""
    into.mkdir(parents=True, exist_ok=True)
    facts = circumstances() | ({} if command is None else {"command": command})
    stem = into / f"{benchmark}-{platform_name()}"
    write_whole(stem.with_suffix(".json"), lines(plain({**facts, **results})) + "\n")
    versions = ", ".join(f"{k} {v}" for k, v in facts["versions"].items())
    head = f"{facts['device']}, {facts['cores']} cores; {versions}; {facts['date']}; `{facts['command']}`."
    write_whole(stem.with_suffix(".md"), f"{head}\n\n{markdown}\n")
    if not quiet:
        console.print(f"wrote {stem.with_suffix('.json').name} and .md to {into}", style="dim")


def write_whole(path: Path, text: str) -> None:
    """Write a file so that it is never there by half."""
    partial = path.with_name(path.name + ".tmp")
    partial.write_text(text)
    partial.replace(path)


def table(title: str, columns: list[str], rows: Iterable[Iterable[str]]) -> str:
    """Print a table, and return it in Markdown."""
    rows = [list(r) for r in rows]
    text = in_markdown(title, columns, rows)
    if isinstance(console, _Plain):
        console.print(text)
        return text
    import rich.table

    shown = rich.table.Table(title=title, title_justify="left", header_style="bold")
    for i, c in enumerate(columns):
        shown.add_column(c, justify="left" if i == 0 else "right")
    for r in rows:
        shown.add_row(*r)
    console.print(shown)
    return text


def in_markdown(title: str, columns: list[str], rows: list[list[str]]) -> str:
    lines = [columns, ["---"] + ["---:"] * (len(columns) - 1), *rows]
    return f"### {title}\n\n" + "\n".join("| " + " | ".join(r) + " |" for r in lines) + "\n"


def progress() -> Progress:
    import rich.progress

    return rich.progress.Progress(
        *rich.progress.Progress.get_default_columns(),
        rich.progress.TimeElapsedColumn(),
        console=console,
        transient=True,
    )
