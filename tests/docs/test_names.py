"""Every public name is documented, and what the pages name by hand is public."""

import inspect
import re
from pathlib import Path

import facts
import jax
import public
import pytest

import jaxact

DOCS = Path(__file__).parents[2] / "docs"
NAMES = [(module, name) for module in public.available() for name in public.names(module)]
SECTIONS = ["Args", "Attributes", "Returns", "Raises", "Examples", "References"]  # in this order


def test_names_are_found():
    assert {("jaxact", "mish"), ("jaxact", "decay_mask"), ("jaxact.linen", "Swish")} <= set(NAMES)
    assert not any(name.startswith("_") for _, name in NAMES)


@pytest.mark.parametrize(("module", "name"), NAMES, ids=".".join)
def test_documented(module, name):
    found = public.names(module)[name]
    if not callable(found):
        assert found
        return
    told = inspect.cleandoc(found.__doc__ or "")
    first = told.partition("\n\n")[0]
    assert first.endswith("."), f"{module}.{name} has no summary"
    sections = re.findall(r"^(\w+):$", told, re.MULTILINE)
    assert sections == sorted(sections, key=SECTIONS.index)
    if inspect.isfunction(found):
        arguments = [n.strip() for line in re.findall(r"^  ([\w*, ]+):", told, re.MULTILINE) for n in line.split(",")]
        wanted = [p.name for p in inspect.signature(found).parameters.values()]
        assert {n.lstrip("*") for n in arguments} >= set(wanted), f"{module}.{name} leaves arguments out"


def test_members_are_documented():
    for module, name in NAMES:
        found = public.names(module)[name]
        if inspect.isclass(found):
            fields = vars(found).get("__dataclass_fields__", {})  # whose defaults may be functions of others
            for member, value in vars(found).items():
                if (
                    member not in fields
                    and not member.startswith("_")
                    and (inspect.isfunction(value) or isinstance(value, property))
                ):
                    assert value.__doc__, f"{module}.{name}.{member}"


def test_every_activation_has_advice():
    """Whole sentences on when to use it and when not; the latter may be empty."""
    assert set(facts.ADVICE) == {record.name for record in jaxact.specs()}
    for advice in facts.ADVICE.values():
        assert set(advice) == {"use", "avoid"}
        assert re.fullmatch(r"[A-Z].+\.", advice["use"])
        assert re.fullmatch(r"([A-Z].+\.)?", advice["avoid"])


def test_migration_names_exist_in_pytorch():
    functional = pytest.importorskip("torch.nn.functional")
    text = (DOCS / "migration.md").read_text()
    rows = re.search(r"\| `torch.nn.functional`.*?\n((?:\|.*\n)+)", text)[1].splitlines()[1:]
    theirs = [name for row in rows for name in re.findall(r"`(\w+)\(", row.split("|")[1])]
    assert "gelu" in theirs
    assert not [name for name in theirs if not hasattr(functional, name)]


def test_migration_names_exist_in_jax():
    text = (DOCS / "migration.md").read_text()
    rows = re.search(r"\| `jax.nn`, Flax.*?\n((?:\|.*\n)+)", text)[1].splitlines()[1:]
    names = {n for row in rows for n in re.findall(r"`(\w+)[(`]", row.split("|")[1])}
    assert "silu" in names
    assert not [name for name in names if not hasattr(jax.nn, name)]
