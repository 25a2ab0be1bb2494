"""Nothing is lost: a run killed, starved of disk or robbed of a checkpoint ends as if nothing had happened."""

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import orbax.checkpoint as ocp
import pytest
import train
from jaxact_examples import run
from jaxact_examples.checkpoint import Checkpoints

EPOCHS = 6
OPTIONS = ["--epochs", EPOCHS, "--activations", "rrelu", "--batch-size", 256, "--devices", 1, "--no-tensorboard"]
COMPILED_AT_ONCE = {"JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS": "0", "JAX_PERSISTENT_CACHE_MIN_ENTRY_SIZE_BYTES": "0"}


def start(folder, *more):
    """A run, whose programs the first one of all has compiled for the others."""
    command = [sys.executable, train.__file__, *map(str, OPTIONS), "--out", folder, *more]
    compiled = {"JAX_COMPILATION_CACHE_DIR": folder.parents[1] / "compiled", **COMPILED_AT_ONCE}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, **pipes, text=True, env={**os.environ, **compiled})


def finish(process):
    output = process.communicate(timeout=300)
    assert process.returncode == 0, output


def records(folder):
    """Metrics without those of time and memory."""
    path = folder / "rrelu/metrics.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    return [
        {k: v for k, v in json.loads(line).items() if "per_second" not in k and k != "peak_megabytes"} for line in lines
    ]


def final_state(folder):
    last = max((folder / "rrelu/checkpoints").iterdir(), key=lambda p: int(p.name))
    with ocp.StandardCheckpointer() as checkpointer:
        return checkpointer.restore((last / "state").absolute())


def same(a, b):
    assert records(a) == records(b)
    assert len(records(a)) == EPOCHS
    a, b = (jax.tree.map(np.asarray, {k: v for k, v in final_state(f).items() if k != "key"}) for f in (a, b))
    assert jax.tree.structure(a) == jax.tree.structure(b)
    assert all(x.tobytes() == y.tobytes() for x, y in zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    finish(start(folder / "run"))
    return folder / "run"


def interrupt(process, folder, rounds, delay, number):
    """Send a signal once so many rounds are on record, a moment later."""
    limit = time.monotonic() + 120
    while len(records(folder)) < rounds and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.005)
    time.sleep(delay)
    process.send_signal(number)
    process.communicate()
    return process.returncode


@pytest.mark.nightly
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="limits another process's files by prlimit, of Linux")
def test_killed_and_starved_at_random_moments(whole, tmp_path):
    folder = tmp_path / "run"
    delays = [random.Random(time.time_ns()).uniform(0, 0.1) for _ in range(3)]
    print(delays)  # shown where the test fails

    assert interrupt(start(folder), folder, 1, delays[0], signal.SIGKILL) == -signal.SIGKILL
    starved = start(folder, "--resume")
    # A disk that takes no large file any more. Set from here: a preexec_fn would fork this process, which JAX forbids.
    resource.prlimit(starved.pid, resource.RLIMIT_FSIZE, (100_000, 100_000))
    message = starved.communicate(timeout=300)[1]
    assert starved.returncode == 1, message
    assert "a checkpoint cannot be written" in message
    for rounds, kind, delay in ((2, signal.SIGTERM, delays[1]), (4, signal.SIGKILL, delays[2])):
        code = interrupt(start(folder, "--resume"), folder, rounds, delay, kind)
        assert code in (-kind, 0)  # 0 where the run was over first
    finish(start(folder, "--resume"))
    same(whole, folder)


# In processes of their own: where a file is cut short, TensorStore's other reads of it go on after Orbax has given up,
# and complain, whenever that may be, that nobody waits for them.


@pytest.mark.nightly
def test_a_truncated_checkpoint_is_passed_over(whole, tmp_path):
    folder = tmp_path / "run"
    shutil.copytree(whole, folder)
    last = max((folder / "rrelu/checkpoints").iterdir(), key=lambda p: int(p.name))
    truncate(max((p for p in last.rglob("*") if p.is_file()), key=lambda p: p.stat().st_size))
    finish(start(folder, "--resume"))
    same(whole, folder)


def truncate(path):
    os.truncate(path, path.stat().st_size // 2)


RESTORE = """
import sys, pathlib, numpy, jax
from jaxact_examples.checkpoint import Checkpoints
checkpoints = Checkpoints(pathlib.Path(sys.argv[1]), best="accuracy", highest=True)
state, record = checkpoints.restore({"w": jax.numpy.zeros(2)})
checkpoints.close()
assert record == {"step": 1}, record
assert numpy.array_equal(state["w"], [1, 1]), state
"""


@pytest.mark.parametrize("damaged", ["state/manifest.ocdbt", "state/_METADATA", "record/metadata", "state/d/*"])
def test_whatever_part_of_a_checkpoint_is_truncated(damaged, tmp_path):
    checkpoints = Checkpoints(tmp_path, best="accuracy", highest=True)
    for step in (1, 2):
        checkpoints.save(step, {"w": jax.numpy.ones(2) * step}, {"step": step}, {"accuracy": 0.0})
    checkpoints.wait()
    checkpoints.close()
    (path,) = (tmp_path / "2").glob(damaged)
    truncate(path)
    examples = os.path.dirname(train.__file__)
    subprocess.run([sys.executable, "-c", RESTORE, tmp_path], cwd=examples, check=True)
    assert not (tmp_path / "2").exists()


@pytest.mark.nightly
def test_a_folder_in_use_is_refused(whole, tmp_path, run_study, capsys):
    shutil.copytree(whole, tmp_path / "run")
    options = train.Options(out=tmp_path / "run", epochs=EPOCHS, activations=("rrelu",), batch_size=256, resume=True)
    with run.open_folder("train", options):
        assert run_study(train, *OPTIONS, "--out", tmp_path / "run", "--resume") == 2
    assert "is in use by another process" in capsys.readouterr().err


def test_the_last_two_and_the_best_are_kept(tmp_path):
    checkpoints = Checkpoints(tmp_path, best="accuracy", highest=True)
    for step, accuracy in enumerate([1.0, 9.0, 2.0, 3.0, 4.0]):
        checkpoints.save(step, {"w": jax.numpy.ones(2) * step}, {}, {"accuracy": accuracy})
    checkpoints.wait()
    checkpoints.close()
    assert sorted(int(p.name) for p in tmp_path.iterdir()) == [1, 3, 4]
