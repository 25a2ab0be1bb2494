"""The most memory that a run has held so far."""

from __future__ import annotations

import resource
import sys

from jax.sharding import Mesh


def peak_megabytes(mesh: Mesh) -> float:
    """Peak memory of the fullest device, or of the whole process where devices, such as CPUs, do not report it."""
    peaks = [(d.memory_stats() or {}).get("peak_bytes_in_use", 0) for d in mesh.local_devices]
    if any(peaks):
        return round(max(peaks) / 1e6, 1)
    unit = 1 if sys.platform == "darwin" else 1024  # macOS counts bytes, Linux kibibytes
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6, 1)
