"""The command line: ``python -m jaxact``, or ``jaxact``.

Commands list, compare, draw and check all registered activations. On a terminal rich draws the tables, if it is
installed; in a pipe they are plain text, and with ``--json`` they are JSON.
"""

from __future__ import annotations

import argparse
import contextlib
import inspect
import json
import math
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, get_args

import jax
import jax.numpy as jnp
from jax import Array

import jaxact
from jaxact import _accuracy, theory
from jaxact._activation import Activation, Kind

Row = dict[str, Any]


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command and return the exit status: 0, 1 if a check fails, 2 for bad arguments."""
    parser = _parser()
    arguments = parser.parse_args(argv)
    if not hasattr(arguments, "run"):
        parser.print_help()
        return 0
    try:
        return arguments.run(arguments)
    except _Refused as error:
        print(f"jaxact: {error}", file=sys.stderr)
        return 2
    except BrokenPipeError:  # the reader, such as head, has seen enough
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jaxact", description="Look up, compare, draw and check activation functions."
    )
    parser.add_argument("--version", action="version", version=f"jaxact {jaxact.__version__}, jax {jax.__version__}")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print JSON")
    commands = parser.add_subparsers(metavar="COMMAND")

    command = commands.add_parser("list", parents=[common], help="list all activations, one per line")
    kinds = get_args(Kind)
    command.add_argument("--kind", choices=kinds, metavar="FAMILY", help=f"only this family: {', '.join(kinds)}")
    command.add_argument("--learnable", action="store_true", help="only those with learnable parameters")
    command.set_defaults(run=_list)

    command = commands.add_parser("info", parents=[common], help="facts, gains and error bounds of activations")
    command.add_argument("names", nargs="+", metavar="NAME")
    command.add_argument("--measure", action="store_true", help="measure errors on this device, which takes seconds")
    command.set_defaults(run=_info)

    command = commands.add_parser("plot", help="draw value, slope and curvature to a file")
    command.add_argument("names", nargs="+", metavar="NAME")
    command.add_argument("-o", "--output", required=True, metavar="FILE", help="file, in the format of its suffix")
    command.add_argument("--from", dest="low", type=float, default=-5.0, metavar="X", help="left end (default: -5)")
    command.add_argument("--to", dest="high", type=float, default=5.0, metavar="X", help="right end (default: 5)")
    command.set_defaults(run=_plot)

    command = commands.add_parser("table", parents=[common], help="compare facts of several activations")
    command.add_argument("names", nargs="+", metavar="NAME")
    command.set_defaults(run=_table)

    command = commands.add_parser("check", parents=[common], help="measure the library's errors on this device")
    command.add_argument("names", nargs="*", metavar="NAME", help="activations to check (default: all)")
    command.add_argument("--seconds", type=float, default=50.0, help="start nothing new after this time (default: 50)")
    command.set_defaults(run=_check)
    return parser


def _list(arguments: argparse.Namespace) -> int:
    rows = [
        {"name": s.name, "kind": s.kind, "summary": _unmarked(s.summary)}
        | ({"learnable": ", ".join(s.parameters)} if arguments.learnable else {})
        for s in jaxact.specs(arguments.kind)
        if s.parameters or not arguments.learnable
    ]
    _print(rows, arguments.json)
    return 0


def _info(arguments: argparse.Namespace) -> int:
    found = [_told(_spec(name), arguments.measure) for name in arguments.names]
    if arguments.json:
        print(_json(found if len(found) > 1 else found[0]))
    else:
        for i, facts in enumerate(found):
            print("\n" * (i > 0), end="")
            _print([{"": k, " ": _text(v)} for k, v in facts.items() if v not in ("", None, {})], False)
    return 0


def _told(spec: Activation, measure: bool) -> Row:
    """Facts about an activation, with the errors that the tests allow, or those measured on this device."""
    facts: Row = {"name": spec.name, "summary": _unmarked(spec.summary), "formula": spec.formula, **_facts(spec)}
    if spec.elementwise:
        facts |= _gains(spec)
        if measure:
            for worst in _accuracy.measure(spec, ("float32", "bfloat16", "float16")).accuracies:
                errors = {"value": _round(worst.value), "slope": _round(worst.slope)}
                facts[f"worst error in ulp, {worst.dtype}"] = errors
            facts["measured on"] = _device()
        else:
            for dtype in ("float32", "bfloat16"):
                errors = dict(zip(("value", "slope"), _accuracy.bounds(spec.name, dtype), strict=True))
                known = {"known exception": True} if (spec.name, dtype) in _accuracy.KNOWN else {}
                facts[f"error at most, in ulp, {dtype}"] = errors | known
    return facts | {"reference": spec.reference}


def _plot(arguments: argparse.Namespace) -> int:
    specs = [_spec(n) for n in arguments.names]
    try:
        import matplotlib
    except ImportError:
        print("jaxact: plot needs matplotlib; install it with: pip install 'jaxact[plot]'", file=sys.stderr)
        return 1
    matplotlib.use("agg")
    from matplotlib.backend_bases import FigureCanvasBase

    file = Path(arguments.output)
    known = FigureCanvasBase.get_supported_filetypes()
    if file.suffix[1:].lower() not in known:
        raise _Refused(f"{file}: its suffix must be one of {', '.join(sorted(known))}")
    if not file.parent.is_dir():
        raise _Refused(f"{file}: there is no folder {file.parent}")
    lines = [line for spec in specs for line in _lines(spec)]
    axes = jaxact.plotting.functions(*lines, xlim=(arguments.low, arguments.high))
    axes[0].figure.savefig(file, dpi=150)
    print(file)
    return 0


def _lines(spec: Activation) -> list[Any]:
    """What is drawn of an activation: itself, or functions of one number if it takes a gate and a value, or a row."""
    f, parameters = spec.function, inspect.signature(spec.function).parameters
    if spec.elementwise:
        return [spec.name]
    if spec.kind == "gated" and spec.name != "glu":
        return [_line(lambda x, v=v: f(x, jnp.full_like(x, v)), f"{spec.name}(x, {v})") for v in (-1, 1, 2)]
    mean = {"deterministic": True} if "deterministic" in parameters else {}
    if mean:
        return [_line(lambda x: f(x, **mean), f"{spec.name}, its mean")]
    if "key" in parameters:
        raise _Refused(f"{spec.name} cannot be drawn: it is random")

    def of_row(x: Array) -> Array:
        return f(jnp.stack([x, 0 * x, 0 * x + 1, 0 * x - 1], -1))[..., 0]

    return [_line(of_row, f"{spec.name}, first of (x, 0, 1, -1)")]


def _line(f: Callable[[Array], Array], name: str) -> Callable[[Array], Array]:
    f.__name__ = name
    return f


def _table(arguments: argparse.Namespace) -> int:
    rows = []
    for spec in map(_spec, arguments.names):
        rows.append({"name": spec.name, **_facts(spec), **(_gains(spec) if spec.elementwise else {})})
    keys = list(dict.fromkeys(c for row in rows for c in row))
    if arguments.json:
        _print([{c: row.get(c) for c in keys} for row in rows], True)
    else:  # a column for each, so that four fit a terminal
        _print([{"": k} | {row["name"]: _short(row.get(k)) for row in rows} for k in keys[1:]], False)
    return 0


def _short(value: Any) -> str:
    """Text of at most 14 characters."""
    if isinstance(value, list) and value and all(isinstance(v, float | int) for v in value):
        text = ", ".join(f"{v:.4g}" for v in value)
    elif isinstance(value, dict):
        text = ", ".join(value) or "none"
    else:
        text = f"{value:.5g}" if isinstance(value, float) else _text(value)
    return text if len(text) <= 14 else text[:11] + "..."


def _check(arguments: argparse.Namespace) -> int:
    # Without names, functions of jax.nn come first, in case time runs out.
    specs = [_spec(n) for n in arguments.names] or sorted(jaxact.specs(), key=lambda s: not hasattr(jax.nn, s.name))
    begin = time.monotonic()

    def check(spec: Activation) -> Row | None:
        if not spec.elementwise:
            return None
        if time.monotonic() - begin > arguments.seconds:
            return {"name": spec.name, "verdict": "not reached"}
        (single, half), right = _accuracy.measure(spec)
        return {
            "name": spec.name,
            "float32 value": round(single.value, 2),
            "float32 slope": round(single.slope, 2),
            "bfloat16 value": round(half.value, 3),
            "bfloat16 slope": round(half.slope, 3),
            "float64": "right" if right else "wrong",
            "verdict": "fails"
            if not (right and single.holds and half.holds)
            else "known"
            if single.known or half.known
            else "holds",
        }

    with ThreadPoolExecutor() as pool:  # compilation takes most of the time, and runs in parallel
        rows = [row for row in pool.map(check, specs) if row is not None]
    left = sum(row["verdict"] == "not reached" for row in rows)
    fails = [row["name"] for row in rows if row["verdict"] == "fails"]
    measured = len(rows) - left
    verdict = {
        "device": _device(),
        "verdict": f"fails for {len(fails)} of {measured}"
        if fails
        else "holds"
        if measured == len(rows)
        else f"holds for {measured} of {len(rows)}, {left} not measured",
        "fails": fails,
        "known exceptions": [row["name"] for row in rows if row["verdict"] == "known"],
        "not functions of one number": len(specs) - len(rows),
        "seconds": round(time.monotonic() - begin, 1),
        "bounds": "float32: value 3 ulp, slope 4 ulp, outside the core 6 and 8; bfloat16: 0.51 ulp",
    }
    if arguments.json:
        print(_json({**verdict, "activations": rows}))
    else:
        columns = dict.fromkeys(c for row in rows for c in row)
        _print([{c: row.get(c) for c in columns} for row in rows], False)
        print()
        for key, item in verdict.items():
            print(f"{key}: {_text(item)}")
    return 1 if fails or not measured else 0


class _Refused(Exception):
    pass


def _spec(name: str) -> Activation:
    try:
        return jaxact.spec(name)
    except KeyError as error:
        raise _Refused(error.args[0]) from None


def _facts(spec: Activation) -> Row:
    return {
        "kind": spec.kind,
        "range": list(spec.range) if spec.range else None,
        "slope at -inf, +inf": list(spec.tails) if spec.tails else None,
        "kinks": list(spec.kinks),
        "minimum at": spec.minimum,
        "learnable": dict(spec.parameters),
        "options": {k: v if isinstance(v, (bool, int, float, str)) else repr(v) for k, v in spec.options.items()},
    }


def _gains(spec: Activation) -> Row:
    """Gains for a standard normal argument, and the Lipschitz constant; none that takes too many steps to find."""
    facts: Row = {}
    with contextlib.suppress(ValueError):  # it oscillates too fast for the quadrature
        gains = theory.gains(spec.function)
        facts |= {"gain": gains.rms, "gain, centred": gains.std, "gain, backward": gains.backward}
    with contextlib.suppress(ValueError):
        facts["Lipschitz"] = theory.lipschitz(spec.function)
    return {name: _round(value) for name, value in facts.items()}


def _unmarked(text: str) -> str:
    """Without the markup of docstrings."""
    return re.sub(r":\w+:`~?(?:[\w.]+\.)?(\w+)`", r"\1", text).replace("``", "")


def _round(x: Any) -> float:
    return float(f"{float(x):.5g}")


def _device() -> str:
    device = jax.devices()[0]
    return f"{device.device_kind} ({device.platform}), jax {jax.__version__}, jaxact {jaxact.__version__}"


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(f"{k}={_text(v)}" for k, v in value.items())
    if isinstance(value, list):
        return ", ".join(map(_text, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _json(data: Any) -> str:
    """JSON, with infinities and NaN as strings: the format has no numbers for them."""

    def clean(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: clean(v) for k, v in value.items()}
        if isinstance(value, (list, tuple)):
            return [clean(v) for v in value]
        return str(value) if isinstance(value, float) and not math.isfinite(value) else value

    return json.dumps(clean(data), indent=2, ensure_ascii=False)


def _print(rows: Sequence[Row], as_json: bool) -> None:
    if as_json:
        print(_json(rows))
        return
    if not rows:
        print("none")
        return
    header = list(rows[0])
    cells = [[_text(row[c]) for c in header] for row in rows]
    if sys.stdout.isatty():
        try:
            return _print_rich(header, cells)
        except ImportError:
            pass
    _print_plain(header, cells)


def _print_rich(header: Iterable[str], cells: Iterable[Sequence[str]]) -> None:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    titled = any(h.strip() for h in header)
    table = Table(*header, box=box.SIMPLE_HEAD if titled else None, show_header=titled, header_style="bold")
    for row in cells:
        table.add_row(Text(row[0], style="bold"), *map(Text, row[1:]))
    Console().print(table)


def _print_plain(header: Sequence[str], cells: Sequence[Sequence[str]]) -> None:
    titled = any(h.strip() for h in header)
    lines = [*([header] if titled else []), *cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(header))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


if __name__ == "__main__":
    sys.exit(main())
