"""Data sets of images, and batches of anything in an order that is a function of seed and step alone."""

from __future__ import annotations

import dataclasses
import functools
import gzip
import math
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from jaxact_examples.options import BadInput

Arrays = Mapping[str, np.ndarray]


@dataclasses.dataclass(frozen=True)
class Images:
    """Images as unsigned bytes (sample, row, column, channel) from 0 to ``peak``, and their labels."""

    train: Arrays
    test: Arrays
    classes: int
    peak: float


def load_images(dataset: str, folder: Path | None = None) -> Images:
    """The data set of that name, or the IDX files of ``folder`` where one is given."""
    if folder is not None:
        return idx_folder(folder)
    if dataset == "digits":
        return digits()
    raise BadInput(f"unknown data set {dataset!r}; there is 'digits', and --data-dir takes a folder of IDX files")


def digits() -> Images:
    """8 x 8 handwritten digits that come with scikit-learn: every fifth sample is for testing."""
    from sklearn.datasets import load_digits

    bunch: Any = load_digits()
    image, label = bunch.images.astype(np.uint8)[..., None], bunch.target.astype(np.int32)
    test = np.arange(len(label)) % 5 == 0
    return Images(
        train={"image": image[~test], "label": label[~test]},
        test={"image": image[test], "label": label[test]},
        classes=10,
        peak=16.0,
    )


def idx_folder(folder: Path) -> Images:
    """A folder with the four IDX files of MNIST and its kin, gzipped or not."""
    if not folder.is_dir():
        raise BadInput(f"no data folder {folder}; --data-dir takes a folder with the four IDX files of MNIST")
    splits = {}
    for split, prefix in (("train", "train"), ("test", "t10k")):
        image, label = (_idx(_find(folder, f"{prefix}-{what}", rank)) for what, rank in (("images", 3), ("labels", 1)))
        if image.ndim not in (3, 4) or label.ndim != 1 or len(image) != len(label) or len(label) == 0:
            raise BadInput(
                f"{folder}: {prefix} has images of shape {image.shape} and labels of shape {label.shape}; "
                "expected (samples, rows, columns) and (samples,) with as many samples"
            )
        splits[split] = {"image": image.reshape(*image.shape[:3], -1), "label": label.astype(np.int32)}
    if splits["train"]["image"].shape[1:] != splits["test"]["image"].shape[1:]:
        raise BadInput(f"{folder}: images for training and testing differ in shape")
    return Images(**splits, classes=int(max(s["label"].max() for s in splits.values())) + 1, peak=255.0)


def _find(folder: Path, stem: str, rank: int) -> Path:
    names = [f"{stem}{dot}idx{rank}-ubyte{end}" for end in ("", ".gz") for dot in "-."]
    for name in names:
        if (folder / name).is_file():
            return folder / name
    raise BadInput(f"{folder} has no {names[0]}, gzipped or not")


def _idx(path: Path) -> np.ndarray:
    """Array of unsigned bytes in an IDX file: two zero bytes, type, rank, big-endian sizes, data."""
    try:
        raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    except (OSError, EOFError, zlib.error) as error:
        raise BadInput(f"{path} cannot be read ({error}); fetch it again") from None
    if len(raw) < 4 or raw[:3] != b"\0\0\x08" or len(raw) < 4 + 4 * raw[3]:
        raise BadInput(f"{path} is not an IDX file of unsigned bytes; it starts with {raw[:4].hex() or 'nothing'}")
    shape = tuple(int(n) for n in np.frombuffer(raw, ">u4", raw[3], offset=4))
    data = np.frombuffer(raw, np.uint8, offset=4 + 4 * len(shape))
    if data.size != math.prod(shape):
        raise BadInput(f"{path} has {data.size} bytes of data where its header {shape} says {math.prod(shape)}")
    return data.reshape(shape)


class Batches:
    """Whole batches by step: all samples once per epoch, in an order drawn from the seed and the epoch.

    The last batch of an epoch is filled up with samples of ``weight`` 0, so that every sample counts once and all
    batches have one shape.
    """

    def __init__(self, arrays: Arrays, size: int, *, seed: int | None, epochs: int = 1):
        self.samples = len(next(iter(arrays.values())))
        if not 0 < size <= self.samples:
            raise BadInput(f"a batch of {size} from a data set of {self.samples}; give a --batch-size of 1 to that")
        if epochs < 1:
            raise BadInput(f"--epochs must be at least 1, got {epochs}")
        self.arrays, self.size, self.seed, self.epochs = arrays, size, seed, epochs
        self.steps_per_epoch = -(-self.samples // size)
        self._order = functools.lru_cache(maxsize=2)(self._shuffled)

    def _shuffled(self, epoch: int) -> np.ndarray:
        if self.seed is None:
            return np.arange(self.samples)
        return np.random.default_rng((self.seed, epoch)).permutation(self.samples)

    def __len__(self) -> int:
        return self.steps_per_epoch * self.epochs

    def __getitem__(self, step: int) -> dict[str, np.ndarray]:
        epoch, position = divmod(int(step), self.steps_per_epoch)
        chosen = self._order(epoch)[position * self.size : (position + 1) * self.size]
        weight = np.zeros(self.size, np.float32)
        weight[: len(chosen)] = 1
        chosen = np.resize(chosen, self.size)
        return {name: array[chosen] for name, array in self.arrays.items()} | {"weight": weight}


STEPS = (
    16  # at most, in one call: starting a call, and looking at its losses, takes longer than a step of a small model
)


class Calls:
    """The batches of several steps at a time, stacked, and the weight of each step.

    The steps of a round are divided evenly into calls. All calls have one shape: those that are a step shorter are
    filled up with copies, which have no weight of their own and are not to be taken.
    """

    def __init__(self, batches: Any, rounds: int, steps: int):
        self._batches, self._rounds, self._steps = batches, rounds, steps
        self.per_round = -(-steps // STEPS)
        self._size = -(-steps // self.per_round)

    def __len__(self) -> int:
        return self._rounds * self.per_round

    def __getitem__(self, call: int) -> tuple[Any, np.ndarray]:
        done, call = divmod(int(call), self.per_round)
        first = call * self._size
        taken = [self._batches[done * self._steps + i] for i in range(first, min(first + self._size, self._steps))]
        weights = np.array([batch["weight"].sum() if "weight" in batch else 1.0 for batch in taken])
        filled = taken + [taken[-1]] * (self._size - len(taken))
        return {name: np.stack([batch[name] for batch in filled]) for name in taken[0]}, weights


def stream(source: Any) -> Any:
    """Iterator of Grain over a source of known length; its position can be saved and restored."""
    import grain

    # All data are in memory: taking a batch is cheaper than passing it between threads.
    options = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
    return iter(grain.MapDataset.source(source).to_iter_dataset(options))
