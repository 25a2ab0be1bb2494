"""The script that computes facts finds those that are stated."""

import sys

import formula_facts
import pytest

import jaxact


@pytest.mark.parametrize("name", ["mish", "hard_silu", "nlrelu", "tanh", "squareplus", "elish"])
def test_facts_are_those_of_the_record(name):
    spec, found = jaxact.spec(name), formula_facts.facts(formula_facts.formula(name))
    assert [float(a) for a in found["range"]] == pytest.approx(spec.range, rel=1e-15)
    assert [float(a) for a in found["tails"]] == pytest.approx(spec.tails, rel=1e-15)
    assert tuple(map(float, found["kinks"])) == spec.kinks
    minimum = found["minimum"]
    assert (minimum is None) == (spec.minimum is None)
    assert minimum is None or float(minimum) == pytest.approx(spec.minimum, rel=1e-15)


def test_an_expression(capsys, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["formula_facts.py", "x * sigmoid(x) ** 2"])
    formula_facts.main()
    assert "minimum=-0.73883503113160778," in capsys.readouterr().out


def test_an_unknown_name():
    with pytest.raises(SystemExit, match="nonesuch is not a line of the oracle"):
        formula_facts.formula("nonesuch")
