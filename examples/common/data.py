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

from common.options import BadInput

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
        raise BadInput(f"{path} is no IDX file of unsigned bytes; it starts with {raw[:4].hex() or 'nothing'}")
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


GROUP = 16  # steps; for small batches, Grain's cost per item is larger than that of the batch


@dataclasses.dataclass(frozen=True)
class Groups:
    """Batches of several steps at a time."""

    batches: Any

    def __len__(self) -> int:
        return -(-len(self.batches) // GROUP)

    def __getitem__(self, group: int) -> list[Any]:
        first = int(group) * GROUP
        return [self.batches[step] for step in range(first, min(first + GROUP, len(self.batches)))]


class Stream:
    """Batches one after the other, taken from Grain a group at a time; the position can be saved and restored."""

    def __init__(self, batches: Any):
        import grain

        # All data are in memory: taking a batch is cheaper than passing it between threads.
        options = grain.ReadOptions(num_threads=0, prefetch_buffer_size=0)
        self._groups = iter(grain.MapDataset.source(Groups(batches)).to_iter_dataset(options))
        self._before, self._group, self._taken = self._groups.get_state(), [], 0

    def __iter__(self) -> Stream:
        return self

    def __next__(self) -> Any:
        if self._taken == len(self._group):
            self._before = self._groups.get_state()
            self._group, self._taken = next(self._groups), 0
        self._taken += 1
        return self._group[self._taken - 1]

    def get_state(self) -> dict[str, Any]:
        """Position of Grain before the group that is under way, and the number of its steps that are done."""
        return {"group": self._before, "taken": self._taken}

    def set_state(self, state: dict[str, Any]) -> None:
        self._before, self._taken = state["group"], state["taken"]
        self._groups.set_state(self._before)
        self._group = next(self._groups) if self._taken else []
