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
from common.data import Batches, Stream, idx_folder

MNIST = Path(__file__).parents[3] / "shared/data/mnist"
SCRIPT = Path(train.__file__)


def records(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def as_script(*arguments, **options):
    environment = {k: v for k, v in os.environ.items() if k != "XLA_FLAGS"}
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


@pytest.mark.parametrize("done", [0, 1, 15, 16, 17, 32, 39, 40])
def test_batches_go_on_from_any_step(done):
    batches = Batches({"x": np.arange(10)}, 5, seed=3, epochs=20)
    stream = Stream(batches)
    for _ in range(done):
        next(stream)
    other = Stream(batches)
    next(other)
    other.set_state(json.loads(json.dumps(stream.get_state())))
    rest = [b["x"].tolist() for b in other]
    assert rest == [b["x"].tolist() for b in stream] == [batches[i]["x"].tolist() for i in range(done, 40)]


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
        (wrong_file, "is no IDX file of unsigned bytes; it starts with 3c68746d"),
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


def test_a_non_finite_loss_names_the_step(run_study, capsys):
    arguments = ["--learning-rate", 1e30, "--clip", 1e30, "--warm-up", 0, "--epochs", 1, "--out", "here"]
    assert run_study(train, *arguments) == 1
    message = capsys.readouterr().err
    assert "mish: the loss is nan at step 2; there is no checkpoint yet" in message
