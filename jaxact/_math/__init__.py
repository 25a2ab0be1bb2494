"""The arithmetic that formulas are written in.

A formula takes an :class:`Arithmetic` as its first argument, which says how exactly to compute: with how many terms a
polynomial is summed, whether what a rounding lost is computed, whether elementary functions are XLA's own.

Everything here is made of additions, multiplications, divisions, comparisons, selections and operations on bits, so
that it compiles in Pallas kernels and gives the same on every backend, up to contraction to fused multiply-adds.
"""

from jaxact._math.arithmetic import DOUBLE, HALF, SCALE, SINGLE, UNSCALE, Arithmetic, arithmetic, compute_dtype

__all__ = ["DOUBLE", "HALF", "SCALE", "SINGLE", "UNSCALE", "Arithmetic", "arithmetic", "compute_dtype"]
