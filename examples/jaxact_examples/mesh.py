"""Devices: joining the processes of a run, one mesh over all devices, and putting arrays on it."""

from __future__ import annotations

import os
from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec

from jaxact_examples.options import BadInput, Training


def join(options: Training) -> None:
    """Join the other processes of the run, if there are any, before anything touches a device or is compiled."""
    if options.compiled is not None:
        jax.config.update("jax_compilation_cache_dir", str(options.compiled.absolute()))
        jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.1)
    given = (options.coordinator, options.processes, options.process)
    if any(g is not None for g in given):
        if any(g is None for g in given):
            raise BadInput("--coordinator, --processes and --process belong together; give all three or none")
        if not 0 <= given[2] < given[1]:
            raise BadInput(f"--process counts from 0 and is below --processes {given[1]}, got {given[2]}")
        jax.distributed.initialize(*given)
    elif _scheduled() and not jax.distributed.is_initialized():
        jax.distributed.initialize()  # asks SLURM, Open MPI, Kubernetes or the TPU's metadata


def _scheduled() -> bool:
    """Whether a scheduler started this process as one of several."""
    environment = os.environ
    return (
        int(environment.get("SLURM_NTASKS", 1)) > 1
        or int(environment.get("OMPI_COMM_WORLD_SIZE", 1)) > 1
        or ("KUBERNETES_SERVICE_HOST" in environment and "JOB_COMPLETION_INDEX" in environment)
        or "," in environment.get("TPU_WORKER_HOSTNAMES", "")
    )


def make_mesh(options: Training, model: int = 1, batch: int | None = None) -> Mesh:
    """Mesh with the axes ``data`` and ``model`` over the devices asked for, all by default.

    ``batch`` is the size that is split along ``data``, the batch size by default.
    """
    batch = options.batch_size if batch is None else batch
    available = len(jax.devices())
    count = options.devices or available
    if not 1 <= count <= available:
        raise BadInput(f"--devices {count}, but there are {available}")
    if count < available and jax.process_count() > 1:
        raise BadInput("--devices is for one process; several processes use all their devices")
    if count % model:
        raise BadInput(f"--model-parallel {model} does not divide {count} devices")
    if batch % (count // model):
        raise BadInput(_indivisible(batch, count // model))
    return jax.make_mesh(
        (count // model, model), ("data", "model"), axis_types=(AxisType.Auto,) * 2, devices=jax.devices()[:count]
    )


def _indivisible(batch: int, devices: int) -> str:
    fewer = next(n for n in range(devices, 0, -1) if batch % n == 0)
    below, above = batch // devices * devices, -(-batch // devices) * devices
    nearest = below if below and batch - below <= above - batch else above
    return (
        f"a batch of {batch} cannot be split over {devices} devices; "
        f"the nearest number of devices that divides it is {fewer}, the nearest batch is {nearest}"
    )


def place(mesh: Mesh, batch: Any, axis: str | None = "data", lead: int = 0) -> Any:
    """Put host arrays that all processes have on the mesh, split along their axis ``lead``, or whole for ``None``."""
    sharding = NamedSharding(mesh, PartitionSpec(*[None] * lead, axis) if axis else PartitionSpec())

    def put(array: np.ndarray) -> jax.Array:
        if sharding.is_fully_addressable:
            return jax.device_put(array, sharding)
        pieces = sharding.addressable_devices_indices_map(array.shape)
        return jax.make_array_from_single_device_arrays(
            array.shape, sharding, [jax.device_put(array[index], device) for device, index in pieces.items()]
        )

    return jax.tree.map(put, batch)


def replicated(mesh: Mesh) -> NamedSharding:
    """Sharding in which every device holds the whole array."""
    return NamedSharding(mesh, PartitionSpec())


def is_first() -> bool:
    """Whether this process writes the files and prints."""
    return jax.process_index() == 0
