"""The examples of the pages do what they say."""

import doctest
import re
import shlex
import tomllib
from pathlib import Path

import pytest

from jaxact import __main__, _activation

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FENCED = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_pages_have_examples():
    assert {"guide.md", "index.md"} <= {page.name for page in PAGES if FENCED.search(page.read_text())}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_examples(page, monkeypatch):
    blocks = [m[1] for m in FENCED.finditer(page.read_text()) if ">>>" in m[1]]
    if not blocks:
        pytest.skip(f"no examples in {page.name}")
    # What an example registers goes with it.
    monkeypatch.setattr(_activation, "_REGISTRY", dict(_activation._REGISTRY))
    example = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, page.name, str(page), 0)
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
    told = []
    failed = runner.run(example, out=told.append).failed
    assert not failed, "".join(told)


def test_commands_are_understood():
    guide = (ROOT / "docs" / "guide.md").read_text()
    commands = re.findall(r"`jaxact ([a-z][^`]*)`", guide)
    assert {c.split()[0] for c in commands} == {"list", "info", "table", "plot", "check"}
    for command in commands:
        __main__._parser().parse_args(shlex.split(command))


def test_every_script_of_examples_has_its_finding():
    findings = tomllib.loads((ROOT / "docs" / "findings.toml").read_text())
    assert list(findings) == sorted(path.name for path in (ROOT / "examples").glob("*.py"))
