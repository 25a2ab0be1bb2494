"""The arithmetic that formulas are written in.

A formula takes an :class:`Arithmetic` as its first argument, which says how exactly to compute: with how many terms a
polynomial is summed, whether what a rounding lost is computed, whether elementary functions are XLA's own.

Everything here is made of additions, multiplications, divisions, comparisons, selections and operations on bits, so
that it compiles in Pallas kernels and gives the same on every backend, up to contraction to fused multiply-adds.
"""

from jaxact._math.arithmetic import (
    DOUBLE as DOUBLE,
)
from jaxact._math.arithmetic import (
    HALF as HALF,
)
from jaxact._math.arithmetic import (
    SCALE as SCALE,
)
from jaxact._math.arithmetic import (
    SINGLE as SINGLE,
)
from jaxact._math.arithmetic import (
    UNSCALE as UNSCALE,
)
from jaxact._math.arithmetic import (
    Arithmetic as Arithmetic,
)
from jaxact._math.arithmetic import (
    arithmetic as arithmetic,
)
from jaxact._math.arithmetic import (
    compute_dtype as compute_dtype,
)
