"""What ``import jaxact`` costs and brings along, which way imports point, and that every public name is documented."""

import ast
import importlib
import inspect
import pathlib
import subprocess
import sys

import pytest

import jaxact

PACKAGE = pathlib.Path(jaxact.__file__).parent
REPOSITORY = pathlib.Path(__file__).parent.parent

# A module imports from lower levels only, or from the rest of its own subpackage.
LEVELS = {
    "jaxact._compat": 0,
    "jaxact._math": 0,
    "jaxact._names": 0,
    "jaxact._rational": 0,
    "jaxact._arguments": 1,
    "jaxact._derivative": 1,
    "jaxact._activation": 2,
    "jaxact.functions": 4,
    "jaxact._accuracy": 5,
    "jaxact._decay": 5,
    "jaxact._inverse": 5,
    "jaxact._module": 5,
    "jaxact._surrogate": 5,
    "jaxact": 6,
    "jaxact.keras": 7,
    "jaxact.linen": 7,
    "jaxact.nnx": 7,
    "jaxact.theory": 7,
    "jaxact.plotting": 8,
    "jaxact.__main__": 9,
}
# Besides JAX, NumPy and the standard library.
ALLOWED = {
    "jaxact.linen": {"flax"},
    "jaxact.nnx": {"flax"},
    "jaxact.plotting": {"matplotlib"},
    "jaxact.__main__": {"matplotlib", "rich", "tyro"},
}


def python(code):
    run = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    return run.stdout


def test_light():
    loaded = python("import sys, jaxact; print(*sys.modules)").split()
    assert "jaxact" in loaded
    assert not {"flax", "optax", "matplotlib", *(f"jaxact.{n}" for n in jaxact._LAZY)} & set(loaded)


@pytest.mark.nightly
def test_quick(tmp_path):
    """A small part of what JAX itself takes, once Python has compiled it, as installers do; in this process's time."""
    code = f"""
import sys, time
start = time.process_time()
import jax
theirs = time.process_time()
sys.dont_write_bytecode, sys.pycache_prefix = False, {str(tmp_path)!r}
import jaxact
print(time.process_time() - theirs, theirs - start)
"""
    # The least of several, since a busy machine only adds to it.
    mine, theirs = map(min, zip(*(map(float, python(code).split()) for _ in range(5)), strict=True))
    assert mine < max(0.1, theirs / 5)


@pytest.mark.parametrize("name", ["linen", "nnx"])
def test_first_use(name):
    pytest.importorskip("flax")
    out = python(f"import sys, jaxact; print(jaxact.{name}.Swish.__module__, *sys.modules)").split()
    other = {"linen": "nnx", "nnx": "linen"}[name]
    assert out[0] == f"jaxact.{name}"
    assert f"jaxact.{other}" not in out


@pytest.mark.parametrize(
    "statement", ["jaxact.linen", "jaxact.nnx", "from jaxact.linen import Swish", "import jaxact.nnx"]
)
def test_without_flax(statement):
    code = f"""
import sys
sys.modules["flax"] = None  # what makes an import of it fail as if it were not installed
import jaxact
assert jaxact.relu(-1.0) == 0
assert jaxact.decay_mask({{"beta": 1.0}}) == {{"beta": False}}
try:
    {statement}
except ImportError as error:
    print(error)
"""
    assert "pip install 'jaxact[flax]'" in python(code)


def test_no_such_name():
    for name, advice in (
        ("swoosh", "no attribute 'swoosh'"),
        ("gellu", "the closest names are gelu"),
        *((n, "which is not an activation; take it from jax.nn") for n in ("one_hot", "logsumexp", "initializers")),
    ):
        with pytest.raises(AttributeError, match=advice):
            getattr(jaxact, name)
    with pytest.raises(ImportError, match=r"take it from jax\.nn|cannot import name 'standardize'"):
        from jaxact import standardize  # noqa: F401
    assert {"linen", "nnx", "mish", "decay_mask"} <= set(dir(jaxact))


def imports(path):
    """Dotted names that a file imports at run time, anywhere in it; of a package's own names, with the name."""

    def visit(node):
        match node:
            case ast.If(test=ast.Name(id="TYPE_CHECKING")):
                return
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                assert node.level == 0, f"{path}: relative import"
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            case _:
                for child in ast.iter_child_nodes(node):
                    yield from visit(child)

    return list(visit(ast.parse(path.read_text())))


def unit(name):
    """The entry of LEVELS that a dotted name belongs to: a submodule, or the package for a name that it offers."""
    submodule = ".".join(name.split(".")[:2])
    return submodule if submodule in LEVELS else "jaxact"


def module(path):
    return ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts).removesuffix(".__init__")


SOURCES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("path", SOURCES, ids=module)
def test_direction(path):
    own = module(path)
    here = unit(own)
    assert here != "jaxact" or own == "jaxact", f"LEVELS must say where {own} belongs"
    for name in imports(path):
        if name.partition(".")[0] == "jaxact":
            there = unit(name)
            assert there == here or LEVELS[there] < LEVELS[here], f"{own} imports {name}"
        else:
            root = name.partition(".")[0]
            known = {"jax", "numpy"} | sys.stdlib_module_names | ALLOWED.get(here, set())
            assert root in known, f"{own} imports {name}"


def test_frameworks_apart():
    """Linen code knows no NNX, and the other way round; theory names no family."""
    assert not [n for n in imports(PACKAGE / "linen.py") if "nnx" in n]
    assert not [n for n in imports(PACKAGE / "nnx.py") if "linen" in n]
    assert not [n for p in (PACKAGE / "theory").rglob("*.py") for n in imports(p) if n.startswith("jaxact.functions")]


def test_examples_use_public_names():
    paths = [p for folder in ("examples", "benchmarks") for p in (REPOSITORY / folder).rglob("*.py")]
    if not paths:
        pytest.skip("the examples are not part of this copy of the tests")
    for path in paths:
        for name in imports(path):
            parts = name.split(".")
            assert parts[0] != "jaxact" or not any(p.startswith("_") or p == "functions" for p in parts), (path, name)


def public():
    """Public objects that are not activations, for those have a test of their own."""
    functions = {s.function for s in jaxact.specs()}
    yield from (
        (f"jaxact.{n}", o)
        for n, o in vars(jaxact).items()
        if getattr(o, "__module__", "").startswith("jaxact") and not n.startswith("_") and o not in functions
    )
    for name in ("linen", "nnx"):
        try:
            framework = importlib.import_module(f"jaxact.{name}")
        except ImportError:
            continue
        yield from ((f"jaxact.{name}.{n}", getattr(framework, n)) for n in framework.__all__)


PUBLIC = dict(public())


def learnable(found):
    """A module whose formula, arguments and sources are its function's; the site shows them with it."""
    return "record" in vars(found)


@pytest.mark.parametrize("name", PUBLIC)
def test_documented(name):
    doc = inspect.getdoc(PUBLIC[name])
    lines = doc.splitlines()
    assert lines[0].endswith(".")
    assert not lines[1:2] or lines[1] == ""
    order = [".. math::", "Attributes:", "Args:", "Returns:", "Raises:", "Examples:", "References:"]
    present = [place for s in order if (place := doc.find(f"\n{s}")) >= 0]
    assert present == sorted(present)
    if learnable(PUBLIC[name]):
        assert f":func:`jaxact.{PUBLIC[name].record.name}`" in lines[0]
    elif name.startswith("jaxact.nnx.") and "Learnable" not in name:
        assert f":class:`{name.replace('nnx', 'linen')}`" in doc
    elif inspect.isclass(PUBLIC[name]) or inspect.signature(PUBLIC[name]).parameters:
        assert "\nArgs:" in doc or "\nAttributes:" in doc
    if "linen" in name and not learnable(PUBLIC[name]):
        assert all(f"\n{s}" in doc for s in ("Returns:", "Raises:", "Examples:"))
