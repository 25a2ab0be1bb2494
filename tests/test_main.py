"""The command line: what it prints in a pipe, in a terminal and as JSON, and what it returns."""

import json
import math
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from support import known_bounds, terms

import jaxact
from jaxact import _accuracy
from jaxact.__main__ import main
from jaxact.theory import _quadrature


def run(capsys, *arguments):
    status = main(arguments)
    return status, capsys.readouterr()


def test_list_has_every_activation(capsys):
    status, out = run(capsys, "list", "--json")
    assert status == 0
    assert [row["name"] for row in json.loads(out.out)] == [s.name for s in jaxact.specs()]


def test_list_filters(capsys):
    _, out = run(capsys, "list", "--kind", "simplex", "--json")
    assert [row["name"] for row in json.loads(out.out)] == [s.name for s in jaxact.specs("simplex")]
    _, out = run(capsys, "list", "--learnable", "--json")
    assert [row["name"] for row in json.loads(out.out)] == [s.name for s in jaxact.specs() if s.parameters]


def test_pipe_gets_plain_aligned_text(capsys):
    _, out = run(capsys, "list")
    header, *lines = out.out.splitlines()
    assert len(lines) == len(jaxact.specs())
    column = header.index("kind")
    assert all(line[column:].split()[0] == jaxact.spec(line.split()[0]).kind for line in lines)
    assert out.out.isascii()


def test_terminal_gets_a_table(capsys, monkeypatch):
    pytest.importorskip("rich")
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "100")
    assert main(["list", "--kind", "simplex"]) == 0
    assert "─" in capsys.readouterr().out
    monkeypatch.setitem(sys.modules, "rich", None)
    assert main(["list", "--kind", "simplex"]) == 0
    assert "─" not in capsys.readouterr().out


def test_info(capsys):
    _, out = run(capsys, "info", "mish", "--json")
    facts = json.loads(out.out)
    assert facts["formula"] == jaxact.spec("mish").formula
    assert facts["range"][1] == "inf"
    assert "1908.08681" in facts["reference"]
    # E mish(u)^2 by mpmath is 0.452342187...
    assert abs(facts["gain"] - 1 / math.sqrt(0.452342188)) < 1e-4
    assert facts["error at most, in ulp, float32"] == {"value": 3.0, "slope": 4.0}
    _, out = run(capsys, "info", "mish", "--measure", "--json")
    assert json.loads(out.out)["worst error in ulp, float32"]["value"] <= 3
    _, out = run(capsys, "info", "softmax", "mish")
    assert "simplex" in out.out
    assert "name" in out.out.splitlines()[0]
    assert "1908.08681" in out.out
    _, out = run(capsys, "info", "xielu", "mish", "--json")
    assert [facts["name"] for facts in json.loads(out.out)] == ["xielu", "mish"]
    assert json.loads(out.out)[0]["error at most, in ulp, float32"]["known exception"]


def test_info_on_what_oscillates_too_fast(capsys, monkeypatch):
    monkeypatch.setattr(_quadrature, "_MOST_PANELS", 400)  # enough for the gains alone
    _quadrature._measure.cache_clear()
    status, out = run(capsys, "info", "hosc", "--json")
    assert status == 0
    assert "Lipschitz" not in json.loads(out.out)
    assert json.loads(out.out)["gain"] > 0


def test_no_command_shows_help(capsys):
    status, out = run(capsys)
    assert status == 0
    assert "usage: jaxact" in out.out
    assert "check" in out.out


def test_no_markup(capsys):
    for command in (["list"], ["info", "softmax", "glu", "rrelu"]):
        _, out = run(capsys, *command)
        assert ":func:" not in out.out
        assert "``" not in out.out


def test_info_takes_an_alias(capsys):
    _, out = run(capsys, "info", "logsoftmax", "--json")
    assert json.loads(out.out)["name"] == "log_softmax"


def test_table(capsys):
    _, out = run(capsys, "table", "relu", "softmax", "--json")
    relu, softmax = json.loads(out.out)
    assert relu["kinks"] == [0.0]
    assert relu["gain"] == 1.4142
    assert softmax["gain"] is None
    _, out = run(capsys, "table", "relu", "softmax", "srelu", "snake_beta")
    header, *lines = out.out.splitlines()
    assert header.split() == ["relu", "softmax", "srelu", "snake_beta"]
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("gain ") and "1.4142" in line for line in lines)


def test_plot(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    for suffix, start in [("png", b"\x89PNG"), ("svg", b"<?xml")]:
        file = tmp_path / f"figure.{suffix}"
        status, out = run(capsys, "plot", "relu", "tanh", "-o", str(file), "--from", "-3")
        assert status == 0
        assert out.out.strip() == str(file)
        assert file.read_bytes().startswith(start)


@pytest.mark.parametrize(
    "command", [["info", "mihs"], ["table", "relu", "mihs"], ["plot", "mihs", "-o", "x.png"]], ids=str
)
def test_unknown_name(capsys, command):
    status, out = run(capsys, *command)
    assert status == 2
    assert "'mihs'" in out.err
    assert "mish" in out.err
    assert out.out == ""


def test_gates_and_rows_are_drawn(capsys, tmp_path):
    pytest.importorskip("matplotlib")
    for name in ("swiglu", "softmax", "rrelu", "prob_act", "poly_norm"):
        status, _ = run(capsys, "plot", name, "-o", str(tmp_path / f"{name}.svg"))
        assert status == 0
    assert b"swiglu(x, 2)" in (tmp_path / "swiglu.svg").read_bytes()


@pytest.mark.parametrize(
    ("file", "message"), [("x.docx", "its suffix must be one of"), ("nowhere/x.png", "there is no folder nowhere")]
)
def test_where_nothing_can_be_drawn(capsys, file, message):
    pytest.importorskip("matplotlib")
    status, out = run(capsys, "plot", "relu", "-o", file)
    assert status == 2
    assert message in out.err
    assert len(out.err.splitlines()) == 1


def test_check_holds(capsys):
    status, out = run(capsys, "check", "relu", "tanh", "softmax", "--json")
    report = json.loads(out.out)
    assert status == 0
    assert (report["verdict"], report["not functions of one number"]) == ("holds", 1)
    status, out = run(capsys, "check", "relu")
    assert status == 0
    assert "verdict: holds" in out.out


def test_check_of_defaults_that_float32_rounds(capsys):
    """The truth has the numbers that float32 has: 0.282095, 0.2033... and 0.01 are none. So has jax.nn beside it."""
    status, out = run(capsys, "check", "laplace", "xielu", "exponential", "leaky_relu", "--json")
    report = json.loads(out.out)
    assert (status, report["verdict"], report["fails"]) == (0, "holds", [])
    assert report["known exceptions"] == ["xielu"]


@pytest.mark.nightly
def test_check_of_all(capsys):
    status, out = run(capsys, "check", "--seconds", "900", "--json")
    report = json.loads(out.out)
    assert (status, report["verdict"], report["fails"]) == (0, "holds", [])
    assert {*report["known exceptions"]} == {name for name, _ in _accuracy.KNOWN}


def test_known_exceptions_are_those_of_the_tests():
    listed = {
        (name, dtype) for name, dtype, what in known_bounds.KNOWN if dtype != "float64" and what in ("value", "slope")
    }
    assert listed <= _accuracy.KNOWN
    assert {name for name, _ in _accuracy.KNOWN - listed} <= terms.TERMS.keys()


def replaced(monkeypatch, name, f):
    from jaxact import _activation

    spec = jaxact.spec(name)
    fields = {n: getattr(spec, n) for n in spec.__dataclass_fields__} | {"function": f}
    monkeypatch.setitem(_activation._REGISTRY, name, jaxact.Activation(**fields))


@pytest.mark.parametrize(
    ("name", "f"),
    [
        ("silu", jax.nn.silu),  # a false zero in the tail
        ("tanh", lambda x: jnp.tanh(x) * (1 + 4e-7)),  # wrong in all dtypes alike
        ("relu", lambda x: jnp.maximum(x, 0) + jax.lax.stop_gradient(x)),  # a slope that is not that of the value
    ],
    ids=["jax.nn.silu", "biased tanh", "wrong slope"],
)
def test_check_finds_what_is_wrong(capsys, monkeypatch, name, f):
    replaced(monkeypatch, name, f)
    status, out = run(capsys, "check", name, "--json")
    assert status == 1
    assert json.loads(out.out)["fails"] == [name]


def test_check_stops_in_time(capsys):
    status, out = run(capsys, "check", "--seconds", "-1", "--json")
    assert status == 1
    assert json.loads(out.out)["verdict"].startswith("holds for 0 of ")


def test_ulps_are_counted_as_they_should_be():
    one = 1 + np.float32(2) ** -23 * np.arange(4, dtype=np.float32)
    error = _accuracy._ulps(jnp.asarray(one), np.ones(4), np.ones(4))
    np.testing.assert_array_equal(error, [0, 1, 2, 3])
    cases = jnp.asarray([0.0, jnp.nan, jnp.inf, 0.0, jnp.inf], jnp.float32)
    truth = np.array([1e-30, 1.0, 1.0, 1e-40, 1e39])
    np.testing.assert_array_equal(_accuracy._ulps(cases, truth, truth), [math.inf, math.inf, math.inf, 0, 0])


def test_module_is_a_command():
    done = subprocess.run([sys.executable, "-m", "jaxact", "list", "--kind", "simplex"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "log_softmax" in done.stdout
    done = subprocess.run([sys.executable, "-m", "jaxact", "info", "misch"], capture_output=True, text=True)
    assert done.returncode == 2
