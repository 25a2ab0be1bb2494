"""Shrinkage: small inputs become 0 or nearly 0, large ones pass, as in denoising and sparse coding."""

# Signatures have the types that callers may pass; the decorator has converted them to arrays before a body runs.
# pyright: reportOperatorIssue=false, reportArgumentType=false

from __future__ import annotations

from typing import Any

from jax import Array, lax
from jax.typing import ArrayLike

from jaxact._activation import INF, activation
from jaxact._derivative import Formula
from jaxact._math import UNSCALE, Arithmetic, coefficients
from jaxact._math.elementary import scaled_exp, tanh, tanh_rest


def _beyond(m: Arithmetic, x: Array, lambd: Array) -> Array:
    return lax.abs(x) > lambd


def _where(m: Arithmetic, mask: Array, t: Array, *_: Any) -> Array:
    """The tangent where the mask holds, else 0."""
    return m.where(mask, t, 0)


def _hard_shrink(m: Arithmetic, x: Array, lambd: Array) -> Array:
    return m.where(lax.abs(x) <= lambd, 0, x)  # false for NaN, which passes


@activation(
    Formula(_hard_shrink, _where, lambda m, x, lambd: lax.full_like(x, 0), pieces=_beyond, flat=True),
    domain={"lambd": ">= 0"},
    kind="shrinkage",
    range=(-INF, INF),
    tails=(1, 1),
    kinks=(-0.5, 0.5),
)
def hard_shrink(x: ArrayLike, lambd: ArrayLike = 0.5) -> Array:
    r"""Hard shrinkage: 0 near 0, else the identity.

    .. math:: \mathrm{hard\_shrink}(x) = \begin{cases} x & |x| > \lambda \\ 0 & |x| \le \lambda \end{cases}

    It jumps at :math:`\pm\lambda`, where its slope is 0; its slope in :math:`\lambda` is 0 everywhere.

    Args:
      x: real array of any shape.
      lambd: the threshold :math:`\lambda`; not negative; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``lambd`` is a negative number.

    References:
      Donoho and Johnstone, Ideal spatial adaptation by wavelet shrinkage, Biometrika 81, 1994.
    """
    ...


def _soft_shrink(m: Arithmetic, x: Array, lambd: Array) -> Array:
    return m.where(x < 0, m.minimum(x + lambd, 0), m.maximum(x - lambd, 0))


@activation(
    Formula(
        _soft_shrink,
        _where,
        lambda m, x, lambd: m.where(_beyond(m, x, lambd), m.where(x < 0, 1, -1), 0),
        pieces=_beyond,
        flat=True,
    ),
    domain={"lambd": ">= 0"},
    kind="shrinkage",
    range=(-INF, INF),
    tails=(1, 1),
    kinks=(-0.5, 0.5),
)
def soft_shrink(x: ArrayLike, lambd: ArrayLike = 0.5) -> Array:
    r"""Soft shrinkage: moves each number towards 0 by a threshold, and stops there.

    .. math::
        \mathrm{soft\_shrink}(x) = \begin{cases}
        x - \lambda & x > \lambda \\ 0 & |x| \le \lambda \\ x + \lambda & x < -\lambda
        \end{cases}

    Its slope at :math:`\pm\lambda` is 0.

    Args:
      x: real array of any shape.
      lambd: the threshold :math:`\lambda`; not negative; broadcasts against ``x``.

    Returns:
      Array of the shape and floating dtype of ``x``.

    Raises:
      ValueError: ``lambd`` is a negative number.

    References:
      Donoho, De-noising by soft-thresholding, IEEE Transactions on Information Theory 41, 1995.
    """
    ...


def _clipped(m: Arithmetic, x: Array) -> Array:
    """``x`` clamped to where its tanh is not yet 1."""
    return m.clip(x, -m.limits.tanh, m.limits.tanh)


def _tanh_shrink(m: Arithmetic, x: Array) -> Array:
    z = _clipped(m, x)
    y = tanh_rest(m, z)
    return m.where(x == z, y, y + (x - z))  # -0 is -0


def _tanh_shrink_slope(m: Arithmetic, x: Array) -> Array:
    z = _clipped(m, x)
    square = z * z
    above, below = (m.polynomial(square, p) for p in m.table(coefficients.TANH_SQUARE))
    return square * (above / below)


def _tanh_shrink_curvature(m: Arithmetic, x: Array) -> Array:
    up = scaled_exp(m, m.clamped(-2 * m.magnitude(x)))
    e = up * UNSCALE
    return 2 * tanh(m, x) * (4 * up / (1 + e * (2 + e))) * UNSCALE


@activation(
    Formula(_tanh_shrink, Formula(_tanh_shrink_slope, _tanh_shrink_curvature)),
    kind="shrinkage",
    range=(-INF, INF),
    tails=(1, 1),
)
def tanh_shrink(x: ArrayLike) -> Array:
    r"""Smooth shrinkage by the hyperbolic tangent.

    .. math:: \mathrm{tanh\_shrink}(x) = x - \tanh(x)

    Args:
      x: real array of any shape.

    Returns:
      Array of the shape and floating dtype of ``x``.

    References:
      PyTorch, documentation of torch.nn.Tanhshrink, 2017.
    """
    ...
