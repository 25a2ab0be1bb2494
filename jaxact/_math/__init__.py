"""The arithmetic that formulas are written in.

A formula takes an :class:`Arithmetic` as its first argument. It sets the degree of polynomials, whether rounding errors
are computed, and whether elementary functions are XLA's own.

Everything here is made of additions, multiplications, divisions, comparisons, selections and operations on bits. So it
compiles in Pallas kernels and gives the same result on every backend, except where a compiler fuses multiply and add.
"""

from jaxact._math.arithmetic import DOUBLE, HALF, SCALE, SINGLE, UNSCALE, Arithmetic, arithmetic, compute_dtype, largest

__all__ = ["DOUBLE", "HALF", "SCALE", "SINGLE", "UNSCALE", "Arithmetic", "arithmetic", "compute_dtype", "largest"]
