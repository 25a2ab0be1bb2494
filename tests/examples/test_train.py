"""The classifier trainer: what it writes, what it learns, and what it says to bad input."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import train
from jaxact_examples.data import Batches, Calls, idx_folder, stream

MNIST = Path(__file__).parents[3] / "shared/data/mnist"
SCRIPT = Path(train.__file__)


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def as_script(*arguments, columns=80, **options):
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"} | {"COLUMNS": str(columns)}
    command = [sys.executable, "-W", "error::DeprecationWarning:__main__", SCRIPT, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, **options)


@pytest.mark.nightly
def test_the_default_command_with_few_epochs(tmp_path):
    done = as_script("--epochs", 3, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "test accuracy" in done.stdout
    (folder,) = (tmp_path / "runs").iterdir()
    history = records(folder / "mish/metrics.jsonl")
    assert [r["round"] for r in history] == [1, 2, 3]
    assert history[-1]["test_accuracy"] > 0.9
    assert (folder / "curves.png").read_bytes().startswith(b"\x89PNG")
    assert list((folder / "mish").glob("events.out.tfevents.*"))


@pytest.mark.nightly
@pytest.mark.parametrize("model", ["mlp", "cnn"])
def test_learnable_activations_move_and_the_table_has_the_best_first(model, run_study, capsys):
    names = ["relu", "swish", "prelu"] if model == "cnn" else ["swish", "rrelu", "prelu"]
    assert run_study(train, "--activations", *names, "--model", model, "--epochs", 1, "--out", "here") == 0
    said = capsys.readouterr().out
    assert "activation_0/beta: 1 -> " in said
    assert "activation_0/beta: 1 -> 1\n" not in said
    assert "activation_0/negative_slope: 0.25 -> " in said
    ranked = json.loads(Path("here/results.json").read_text())
    accuracy = [r["test_accuracy"] for r in ranked.values()]
    assert sorted(ranked) == sorted(names)
    assert accuracy == sorted(accuracy, reverse=True)


@pytest.mark.nightly
def test_digits_reach_the_promised_accuracy(run_study):
    assert run_study(train, "--out", "here") == 0
    assert records(Path("here/mish/metrics.jsonl"))[-1]["test_accuracy"] >= 0.97


def test_every_sample_comes_once_an_epoch_in_an_order_of_the_seed():
    arrays = {"x": np.arange(10)}
    batches = Batches(arrays, 4, seed=3, epochs=2)
    assert len(batches) == 6
    epochs = [np.concatenate([b["x"][b["weight"] == 1] for b in (batches[i] for i in range(e, e + 3))]) for e in (0, 3)]
    for order in epochs:
        np.testing.assert_array_equal(np.sort(order), np.arange(10))
    assert not np.array_equal(*epochs)
    assert all(batches[i]["x"].shape == (4,) for i in range(6))
    np.testing.assert_array_equal(Batches(arrays, 4, seed=3, epochs=2)[5]["x"], batches[5]["x"])
    np.testing.assert_array_equal(Batches(arrays, 4, seed=None)[0]["x"], np.arange(4))


@pytest.mark.parametrize("steps", [1, 15, 16, 17, 23, 40])
def test_calls_take_every_step_once(steps):
    batches = Batches({"x": np.arange(10)}, 4, seed=3, epochs=2 * steps)
    calls = Calls(batches, 3, steps)
    each = [calls[i] for i in range(len(calls))]
    assert len({call["x"].shape for call, _ in each}) == 1
    taken = [(row, w) for call, weights in each for row, w in zip(call["x"][: len(weights)], weights, strict=True)]
    assert len(taken) == 3 * steps
    for i, (row, weight) in enumerate(taken):
        np.testing.assert_array_equal(row, batches[i]["x"])
        assert weight == batches[i]["weight"].sum()


@pytest.mark.parametrize("done", [0, 1, 2, 5])
def test_calls_go_on_from_where_they_were(done):
    calls = Calls(Batches({"x": np.arange(10)}, 5, seed=3, epochs=40), 2, 40)
    first, other = stream(calls), stream(calls)
    for _ in range(done):
        next(first)
    next(other)
    other.set_state(json.loads(json.dumps(first.get_state())))
    rest = [b["x"].tolist() for b, _ in other]
    assert rest == [b["x"].tolist() for b, _ in first] == [calls[i][0]["x"].tolist() for i in range(done, len(calls))]


@pytest.fixture
def idx(tmp_path):
    """A small folder of IDX files."""
    folder = tmp_path / "idx"
    folder.mkdir()
    random = np.random.default_rng(0)
    for prefix, n in (("train", 40), ("t10k", 20)):
        images, labels = random.integers(0, 256, (n, 5, 4), np.uint8), np.arange(n, dtype=np.uint8) % 10
        (folder / f"{prefix}-images-idx3-ubyte").write_bytes(header(images) + images.tobytes())
        (folder / f"{prefix}-labels-idx1-ubyte.gz").write_bytes(gzip.compress(header(labels) + labels.tobytes()))
    return folder


def header(array):
    return bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()


def test_idx_files_gzipped_or_not(idx):
    data = idx_folder(idx)
    assert data.train["image"].shape == (40, 5, 4, 1)
    assert data.test["label"].tolist() == [*range(10)] * 2
    assert data.classes == 10
    raw = (idx / "train-images-idx3-ubyte").read_bytes()
    assert data.train["image"].tobytes() == raw[16:]


@pytest.mark.skipif(not MNIST.is_dir(), reason="needs MNIST beside the checkout, in ../shared/data/mnist")
def test_the_real_mnist_is_read():
    data = idx_folder(MNIST)
    assert data.train["image"].shape == (60000, 28, 28, 1)
    assert np.bincount(data.test["label"]).tolist() == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


@pytest.mark.nightly
def test_a_folder_of_idx_files_trains(idx, run_study):
    assert run_study(train, "--data-dir", idx, "--epochs", 1, "--batch-size", 16, "--out", "here") == 0
    assert len(records(Path("here/mish/metrics.jsonl"))) == 1


def truncate(idx):
    path = idx / "train-images-idx3-ubyte"
    path.write_bytes(path.read_bytes()[:-7])


def truncate_gzip(idx):
    path = idx / "t10k-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])


def wrong_file(idx):
    (idx / "train-images-idx3-ubyte").write_bytes(b"<html>not found</html>")


def no_file(idx):
    (idx / "train-images-idx3-ubyte").unlink()


def unequal(idx):
    labels = np.zeros(39, np.uint8)
    (idx / "train-labels-idx1-ubyte.gz").write_bytes(gzip.compress(header(labels) + labels.tobytes()))


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (truncate, "has 793 bytes of data where its header (40, 5, 4) says 800"),
        (truncate_gzip, "cannot be read"),
        (wrong_file, "is not an IDX file of unsigned bytes; it starts with 3c68746d"),
        (no_file, "has no train-images-idx3-ubyte"),
        (unequal, "images of shape (40, 5, 4) and labels of shape (39,)"),
    ],
)
def test_damaged_data(damage, says, idx, run_study, capsys, tmp_path):
    damage(idx)
    refused(run_study(train, "--data-dir", idx, "--out", "here"), says, capsys)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--data-dir", "nowhere"], "no data folder nowhere"),
        (["--dataset", "letters"], "unknown data set 'letters'"),
        (["--activations", "mishh"], "the closest names are mish"),
        (["--batch-size", "2000"], "a batch of 2000 from a data set of 1437"),
        (["--batch-size", "0"], "a batch of 0 from"),
        (["--batch-size", "60", "--devices", "8"], "that divides it is 6, the nearest batch is 56"),
        (["--devices", "9"], "--devices 9, but there are 8"),
        (["--epochs", "0"], "--epochs"),
        (["--flax", "nnx", "--model", "cnn"], "--flax nnx goes with --model mlp"),
        (["--warm-up", "2"], "--warm-up"),
        (["--coordinator", "localhost:1"], "belong together"),
    ],
)
def test_bad_input(arguments, says, run_study, capsys):
    refused(run_study(train, *arguments, "--out", "here"), says, capsys)


def refused(code, says, capsys):
    assert code == 2
    message = capsys.readouterr().err
    assert says in message
    assert message.count("\n") == 1
    assert not Path("here").exists()


def test_a_run_is_not_overwritten_nor_mixed_with_another(run_study, capsys):
    Path("here").mkdir()
    Path("here/options.json").write_text(json.dumps({"activations": ["relu"], "model": "cnn"}))
    assert run_study(train, "--out", "here") == 2
    assert "holds a run already; --resume goes on with it" in capsys.readouterr().err
    assert run_study(train, "--out", "here", "--resume") == 2
    message = capsys.readouterr().err
    assert "activations=relu model=cnn" in message
    assert "activations=mish model=mlp" in message


SHORT = ["--batch-size", 512, "--no-tensorboard", "--out"]


@pytest.mark.nightly
def test_a_constant_schedule_can_be_lengthened(run_study, capsys):
    constant = ["--schedule", "constant", "--warm-up", 0]
    assert run_study(train, "--epochs", 1, *constant, *SHORT, "here") == 0
    assert run_study(train, "--epochs", 2, *constant, *SHORT, "here", "--resume") == 0
    assert run_study(train, "--epochs", 2, *constant, *SHORT, "whole") == 0
    resumed, whole = (records(Path(f"{folder}/mish/metrics.jsonl")) for folder in ("here", "whole"))
    assert [r["train_loss"] for r in resumed] == [r["train_loss"] for r in whole]
    assert json.loads(Path("here/options.json").read_text())["epochs"] == 2
    assert run_study(train, "--epochs", 1, *constant, *SHORT, "here", "--resume") == 2
    assert "is of a run with epochs=2, this one has epochs=1" in capsys.readouterr().err


@pytest.mark.nightly
def test_a_cosine_cannot_be_lengthened(run_study, capsys):
    assert run_study(train, "--epochs", 1, *SHORT, "here") == 0
    assert run_study(train, "--epochs", 2, *SHORT, "here", "--resume") == 2
    assert "it cannot go on to 2; only runs that are started with --schedule constant" in capsys.readouterr().err


def test_resuming_what_is_not_there(run_study, capsys):
    refused(run_study(train, "--out", "here", "--resume"), "there is no run to resume in here; --out names", capsys)


@pytest.mark.nightly
def test_linen_and_nnx_give_the_same(run_study):
    for flax in ("linen", "nnx"):
        assert run_study(train, "--activations", "mish", "swish", "--epochs", 2, "--flax", flax, *SHORT, flax) == 0
    for name in ("mish", "swish"):
        a, b = (records(Path(f"{flax}/{name}/metrics.jsonl")) for flax in ("linen", "nnx"))
        assert [r["test_accuracy"] for r in a] == [r["test_accuracy"] for r in b]
        np.testing.assert_allclose([r["train_loss"] for r in a], [r["train_loss"] for r in b], rtol=1e-6)


@pytest.mark.nightly
def test_noise_in_nnx(run_study):
    assert run_study(train, "--activations", "rrelu", "--epochs", 1, "--flax", "nnx", *SHORT, "here") == 0


@pytest.mark.nightly
def test_profile_and_compiled_programs(tmp_path):
    # In a process of its own: JAX keeps the cache of compiled programs that it has begun with.
    done = as_script("--epochs", 1, "--profile", "--compiled", "kept", *SHORT, "here", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert list((tmp_path / "here/mish/profile").rglob("*.xplane.pb"))
    assert list((tmp_path / "kept").iterdir())
    assert records(tmp_path / "here/mish/metrics.jsonl")[0]["peak_megabytes"] > 10


def test_help_is_wrapped_and_has_no_markup():
    said = as_script("--help", columns=60).stdout
    prose = said[: said.index("options ─")].splitlines()
    assert all(len(line) <= 60 for line in prose if not line.startswith("    "))
    assert "``" not in said


def test_a_non_finite_loss_names_the_step(run_study, capsys):
    arguments = ["--learning-rate", 1e30, "--clip", 1e30, "--warm-up", 0, "--epochs", 1, "--out", "here"]
    assert run_study(train, *arguments) == 1
    message = capsys.readouterr().err
    assert "mish: the loss is nan at step 2; there is no checkpoint yet" in message


def test_help_keeps_the_items_of_a_list_apart():
    from jaxact_examples import options

    assert options._wrapped("One\ntwo.\n\n- a\n  b\n- ``c``").split("\n\n") == [" One two.", " - a b", " - c"]
