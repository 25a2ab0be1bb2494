"""The examples run as scripts from their own folder; this puts that folder where a script would have it."""

import sys
from pathlib import Path

import jax
import pytest
from jax import export

EXAMPLES = Path(__file__).parents[2] / "examples"


def pytest_pycollect_makemodule():
    """The benchmarks, whose tests may come first, have modules of the same names; here those of the examples count."""
    if sys.path[0] != str(EXAMPLES):
        sys.path.insert(0, str(EXAMPLES))
    for name in ("jaxact_examples", "train"):
        if EXAMPLES not in Path(getattr(sys.modules.get(name), "__file__", None) or EXAMPLES / "x").parents:
            del sys.modules[name]


@pytest.fixture(autouse=True)
def as_users_run_them():
    """Optax relies on JAX's default promotion of dtypes."""
    with jax.numpy_dtype_promotion("standard"), jax.numpy_rank_promotion("allow"):
        yield


@pytest.fixture
def run_study(tmp_path, monkeypatch):
    """Run a study in this process with the given arguments; returns its exit code."""
    from jaxact_examples import options

    monkeypatch.chdir(tmp_path)

    def run(study, *arguments):
        # Eight simulated devices are slow on few cores; the tests of parallel runs ask for them.
        if hasattr(study.Options, "devices") and "--devices" not in arguments:
            arguments = (*arguments, "--devices", 1)
        monkeypatch.setattr(sys, "argv", [f"{study.__name__}.py", *map(str, arguments)])
        try:
            options.main(study.Options, study.main, study.__doc__)
        except SystemExit as end:
            return end.code or 0
        return 0

    return run


@pytest.fixture
def lowers():
    """Check that a step compiles, up to the machine code, for accelerators that are not here."""

    def check(step, *arguments):
        shapes = jax.tree.map(lambda x: jax.ShapeDtypeStruct(x.shape, x.dtype), arguments)
        exported = export.export(jax.jit(step), platforms=["cuda", "tpu"])(*shapes)
        assert exported.platforms == ("cuda", "tpu")

    return check
