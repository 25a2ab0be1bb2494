"""What all tests share: eight simulated devices, and JAX at its strictest."""

import os

import pytest

os.environ.setdefault("JAX_PLATFORMS", "cpu")
os.environ["XLA_FLAGS"] = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count=8".strip()

import jax

if not hasattr(jax, "enable_x64"):  # before JAX 0.8
    from jax import experimental

    jax.enable_x64 = experimental.enable_x64

jax.config.update("jax_numpy_dtype_promotion", "strict")
jax.config.update("jax_numpy_rank_promotion", "raise")


# Of each kind of function some, which the daily tests look at; accuracy is tested of the whole core.
# fmt: off
DAILY = {
    "elu", "gelu", "glu", "log_softmax", "mish", "prelu", "relu", "rrelu", "sigmoid", "softmax", "softplus", "swish",
    "tanh",
}
# fmt: on


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """What is nightly by where it stands or what it is of: see CONTRIBUTING."""
    import jaxact
    from jaxact._accuracy import CORE

    known = {s.name for s in jaxact.specs()}
    for item in items:
        if item.get_closest_marker("daily"):
            continue
        given = item.callspec.params if hasattr(item, "callspec") else {}
        name = getattr(given.get("spec"), "name", given.get("name", given.get("gate")))
        built_on_it = item.path.parent.name in ("benchmarks", "docs", "examples", "theory")
        chosen = CORE if item.path.name == "test_accuracy.py" else DAILY
        if built_on_it or (name in known and name not in chosen):
            item.add_marker(pytest.mark.nightly)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """All tests of an activation run in one process, which traces and compiles it once."""
    from xdist.scheduler import LoadScopeScheduling

    import jaxact

    def plain(name):
        return name.replace("_", "").lower()  # a module has the name of its function, in another spelling

    names = {plain(s.name) for s in jaxact.specs()}

    class BySubject(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            path, _, test = nodeid.partition("::")
            if path.endswith(("test_site.py", "test_resume.py", "test_parallel.py")):  # which share what takes long
                return path
            parameters = map(plain, test.partition("[")[2].rstrip("]").split("-"))
            return next((p for p in parameters if p in names), nodeid)

    return BySubject(config, log)
