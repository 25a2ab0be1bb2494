"""Activations with something to learn, or to draw, as Flax NNX modules.

Each class is named as in :mod:`jaxact.linen`, takes the same arguments, and has parameters of the same names and
shapes, so weights move from one to the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, TypedDict, Unpack

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike, DTypeLike

import jaxact
from jaxact import _module
from jaxact._module import Gate, Initial, Initializer, Partitioning
from jaxact._rational import FITS

try:
    from flax import nnx
except ModuleNotFoundError as error:
    raise ImportError(_module.NO_FLAX) from error

__all__ = [  # noqa: RUF022  names in capitals are no constants
    "APL",
    "AReLU",
    "AconC",
    "AptX",
    "Derf",
    "DyT",
    "ErfAct",
    "GatedMLP",
    "Hermite",
    "Learnable",
    "MPELU",
    "Maxout",
    "MetaAcon",
    "Mixture",
    "PELU",
    "PReLU",
    "PSerf",
    "PolyNorm",
    "PolyReLU",
    "ProbAct",
    "RReLU",
    "Rational",
    "SMU",
    "SReLU",
    "SinLU",
    "Sine",
    "Snake",
    "SnakeBeta",
    "SoftExponential",
    "StarReLU",
    "Swish",
    "TLU",
    "XATLU",
    "XGELU",
    "XIELU",
    "XSiLU",
]


class Common(TypedDict, total=False):
    """Keyword arguments that all learnable activations take; see :class:`Learnable`."""

    axis: int
    dtype: DTypeLike | None
    param_dtype: DTypeLike
    rngs: nnx.Rngs | None


class Learnable(nnx.Module):
    r"""Base of the modules that learn the parameters of a function.

    .. math:: y = f(x; \theta)

    A subclass names the function's record, passes on an initial value for each of the function's parameters, and sets
    an attribute for each of its options. The result has the dtype of the input, whatever that of the parameters.

    Args:
      features: ``None`` for parameters that all channels share, else the number of channels, and each has its own.
      initial: for each parameter a number, one for each of its coefficients, or an initializer.
      axis: where the channels are in the input.
      dtype: what the input is converted to first; ``None`` leaves it as it is.
      param_dtype: dtype of the parameters.
      rngs: where initializers get their keys; numbers need none and draw none.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, there is no such axis, or an initializer has no
        ``rngs``.

    Examples:
      >>> import jaxact, jax
      >>> class Softplus(jaxact.nnx.Learnable):
      ...     record = jaxact.spec("softplus")
      ...     def __init__(self, features=None, *, beta_init=1.0, **common):
      ...         super().__init__(features, {"beta": beta_init}, **common)
      >>> Softplus(features=3).beta[...]
      Array([1., 1., 1.], dtype=float32)
    """

    record: ClassVar[jaxact.Activation]
    shared: ClassVar[tuple[str, ...]] = ()  # parameters that all channels have in common in any case

    def __init__(
        self,
        features: int | None,
        initial: Mapping[str, Initial],
        *,
        axis: int = -1,
        dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs | None = None,
    ):
        """Make the parameters."""
        module = type(self).__name__
        self.features = features
        self.axis = axis
        self.dtype = dtype
        self.param_dtype = param_dtype
        for name, default in self.record.parameters.items():
            argument = f"{module}: {name}_init"
            own = None if name in self.shared else features
            setattr(self, name, _param(argument, initial[name], default, own, param_dtype, rngs))

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the function to ``x``."""
        parameters = {name: getattr(self, name)[...] for name in self.record.parameters}
        options = {name: getattr(self, name) for name in self.record.options}
        module = type(self).__name__
        return _module.call(module, self.record, x, parameters, options, self.features, self.axis, self.dtype)


class PReLU(Learnable):
    r"""Parametric rectified linear unit, :func:`jaxact.prelu` with a learned negative slope.

    .. math:: y = \begin{cases} x & x \ge 0 \\ a x & x < 0 \end{cases}

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      negative_slope_init: initial :math:`a`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.PReLU(features=2).negative_slope[...]
      Array([0.25, 0.25], dtype=float32)

    References:
      He, Zhang, Ren and Sun, Delving deep into rectifiers, 2015, arXiv:1502.01852.
    """

    record = jaxact.spec("prelu")

    def __init__(self, features: int | None = None, *, negative_slope_init: Initial = 0.25, **common: Unpack[Common]):
        """Make the parameter."""
        super().__init__(features, {"negative_slope": negative_slope_init}, **common)


class Swish(Learnable):
    r"""Swish, :func:`jaxact.swish` with a learned sharpness.

    .. math:: y = x \, \sigma(\beta x)

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      beta_init: initial :math:`\beta`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.Swish().beta[...]
      Array(1., dtype=float32)

    References:
      Ramachandran, Zoph and Le, Searching for activation functions, 2017, arXiv:1710.05941.
    """

    record = jaxact.spec("swish")

    def __init__(self, features: int | None = None, *, beta_init: Initial = 1.0, **common: Unpack[Common]):
        """Make the parameter."""
        super().__init__(features, {"beta": beta_init}, **common)


class _Stochastic(nnx.Module):
    """What modules that draw have in common: whether they do, and the stream that their keys come from."""

    def __init__(self, deterministic: bool, rng_collection: str, dtype: DTypeLike | None, rngs: nnx.Rngs | None):
        """Take a stream of its own."""
        self.deterministic = deterministic
        self.rng_collection = rng_collection
        self.dtype = dtype
        stream = _stream(rngs, rng_collection)
        # Data even if there is none, so that one may be set later.
        self.rngs = nnx.data(None if stream is None else stream.fork())

    def set_view(self, deterministic: bool | None = None) -> None:
        """What ``nnx.view`` sets.

        Args:
          deterministic: whether to use the mean; ``None`` leaves it as it is.
        """
        if deterministic is not None:
            self.deterministic = deterministic

    def _drawn(self, deterministic: bool | None, rngs: nnx.Rngs | nnx.RngStream | Array | None) -> dict[str, Any]:
        """Key and ``deterministic`` of one call."""
        deterministic = self.deterministic if deterministic is None else deterministic
        key = None if deterministic else _key(self, self.rng_collection, self.rngs if rngs is None else rngs)
        return {"key": key, "deterministic": deterministic}


class Sine(Learnable):
    r"""Sine, :func:`jaxact.sine` with a learned frequency.

    .. math:: y = \sin(\omega_0 x)

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      w0_init: initial :math:`\omega_0`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.Sine().w0[...]
      Array(30., dtype=float32)

    References:
      Sitzmann, Martel, Bergman, Lindell and Wetzstein, Implicit neural representations with periodic activation
      functions, 2020, arXiv:2006.09661.
    """

    record = jaxact.spec("sine")

    def __init__(self, features: int | None = None, *, w0_init: Initial = 30.0, **common: Unpack[Common]):
        """Make the parameter."""
        super().__init__(features, {"w0": w0_init}, **common)


class Snake(Learnable):
    r"""Snake, :func:`jaxact.snake` with a learned frequency.

    .. math:: y = x + \frac{\sin^2(\alpha x)}{\alpha}

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.Snake(features=2).alpha[...]
      Array([1., 1.], dtype=float32)

    References:
      Liu, Hartwig and Ueda, Neural networks fail to learn periodic functions and how to fix it, 2020, arXiv:2006.08195.
    """

    record = jaxact.spec("snake")

    def __init__(self, features: int | None = None, *, alpha_init: Initial = 1.0, **common: Unpack[Common]):
        """Make the parameter."""
        super().__init__(features, {"alpha": alpha_init}, **common)


class SnakeBeta(Learnable):
    r"""Snake with frequency and height learned apart, :func:`jaxact.snake_beta`.

    .. math:: y = x + \frac{\sin^2(e^\alpha x)}{e^\beta}

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.SnakeBeta(features=2).beta[...]
      Array([0., 0.], dtype=float32)

    References:
      Lee, Ping, Ginsburg, Catanzaro and Yoon, BigVGAN: a universal neural vocoder with large-scale training, 2022,
      arXiv:2206.04658, and its authors' code, ``activations.py`` of github.com/NVIDIA/BigVGAN.
    """

    record = jaxact.spec("snake_beta")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.0,
        beta_init: Initial = 0.0,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha": alpha_init, "beta": beta_init}, **common)


class SinLU(Learnable):
    r"""Sinu-sigmoidal linear unit, :func:`jaxact.sinlu` with a learned wave.

    .. math:: y = (x + a \sin(b x)) \, \sigma(x)

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      a_init: initial :math:`a`, a number or an initializer.
      b_init: initial :math:`b`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.SinLU().a[...]
      Array(1., dtype=float32)

    References:
      Paul, Bandyopadhyay, Yoon, Geem and Sarkar, SinLU: sinu-sigmoidal linear unit, Mathematics 10 (3), 2022.
    """

    record = jaxact.spec("sinlu")

    def __init__(
        self, features: int | None = None, *, a_init: Initial = 1.0, b_init: Initial = 1.0, **common: Unpack[Common]
    ):
        """Make the parameters."""
        super().__init__(features, {"a": a_init, "b": b_init}, **common)


class SReLU(Learnable):
    r"""S-shaped rectified linear unit, :func:`jaxact.srelu` with learned ends and outer slopes.

    .. math::
        y = \begin{cases}
        t_r + a_r (x - t_r) & x \ge t_r \\ x & t_l < x < t_r \\ t_l + a_l (x - t_l) & x \le t_l
        \end{cases}

    The paper sets :math:`t_r` to a quantile of the layer's first inputs, and keeps all four fixed for some epochs.

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      t_l_init: initial end of the left piece, a number or an initializer.
      a_l_init: initial slope of the left piece.
      t_r_init: initial start of the right piece.
      a_r_init: initial slope of the right piece.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.SReLU().a_l[...]
      Array(0.2, dtype=float32)

    References:
      Jin et al., Deep learning with S-shaped rectified linear activation units, 2015, arXiv:1512.07030.
    """

    record = jaxact.spec("srelu")

    def __init__(
        self,
        features: int | None = None,
        *,
        t_l_init: Initial = 0.0,
        a_l_init: Initial = 0.2,
        t_r_init: Initial = 1.0,
        a_r_init: Initial = 1.0,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"t_l": t_l_init, "a_l": a_l_init, "t_r": t_r_init, "a_r": a_r_init}, **common)


class StarReLU(Learnable):
    r"""StarReLU, :func:`jaxact.star_relu` with a learned scale and shift.

    .. math:: y = s \max(x, 0)^2 + b

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      s_init: initial scale, a number or an initializer; the authors' code has 1.
      b_init: initial shift, a number or an initializer; the authors' code has 0.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.nnx.StarReLU(s_init=1.0, b_init=0.0)(jax.numpy.array([-3.0, 3.0]))
      Array([0., 9.], dtype=float32)

    References:
      Yu et al., MetaFormer baselines for vision, 2022, arXiv:2210.13452.
    """

    record = jaxact.spec("star_relu")

    def __init__(
        self,
        features: int | None = None,
        *,
        s_init: Initial = 0.8944,
        b_init: Initial = -0.4472,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"s": s_init, "b": b_init}, **common)


class AReLU(Learnable):
    r"""Attention-based rectified linear unit, :func:`jaxact.arelu` with learned slopes on both sides.

    .. math::
        y = \begin{cases} (1 + \sigma(\beta)) \, x & x \ge 0 \\ \min(\max(\alpha, 0.01), 0.99) \, x & x < 0 \end{cases}

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.AReLU().alpha[...]
      Array(0.9, dtype=float32)

    References:
      Chen, Li and Xu, AReLU: attention-based rectified linear unit, 2020, arXiv:2006.13858.
    """

    record = jaxact.spec("arelu")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.9,
        beta_init: Initial = 2.0,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha": alpha_init, "beta": beta_init}, **common)


class APL(Learnable):
    r"""Adaptive piecewise linear unit, :func:`jaxact.apl` with learned hinges.

    .. math:: y = \max(x, 0) + \sum_{s=1}^{S} a_s \max(b_s - x, 0)

    With the defaults it starts as the rectifier. The authors draw both at random: the slopes evenly about 0, the hinges
    with standard deviation 1/2.

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      slopes_init: initial :math:`a_s`, a number, one for each hinge, or an initializer.
      hinges_init: initial :math:`b_s`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> from flax import nnx
      >>> apl = jaxact.nnx.APL(features=4, hinges_init=nnx.initializers.normal(0.5), rngs=nnx.Rngs(0))
      >>> apl.hinges.shape
      (5, 4)

    References:
      Agostinelli, Hoffman, Sadowski and Baldi, Learning activation functions to improve deep neural networks, 2014,
      arXiv:1412.6830.
    """

    record = jaxact.spec("apl")

    def __init__(
        self,
        features: int | None = None,
        *,
        slopes_init: Initial = (0.0, 0.0, 0.0, 0.0, 0.0),
        hinges_init: Initial = (-1.0, -0.5, 0.0, 0.5, 1.0),
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"slopes": slopes_init, "hinges": hinges_init}, **common)


class TLU(Learnable):
    r"""Thresholded linear unit, :func:`jaxact.tlu` with a learned threshold.

    .. math:: y = \max(x, \tau)

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      tau_init: initial :math:`\tau`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.TLU(features=2).tau[...]
      Array([0., 0.], dtype=float32)

    References:
      Singh and Krishnan, Filter response normalization layer, 2019, arXiv:1911.09737.
    """

    record = jaxact.spec("tlu")

    def __init__(self, features: int | None = None, *, tau_init: Initial = 0.0, **common: Unpack[Common]):
        """Make the parameter."""
        super().__init__(features, {"tau": tau_init}, **common)


class AptX(Learnable):
    r"""APTx, :func:`jaxact.aptx` with a learned gate.

    .. math:: y = (\alpha + \tanh(\beta x)) \, \gamma x

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.
      gamma_init: initial :math:`\gamma`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.AptX().alpha[...]
      Array(1., dtype=float32)

    References:
      Kumar, APTx: better activation function than MISH, SWISH, and ReLU's variants used in deep learning, 2022,
      arXiv:2209.06119.
    """

    record = jaxact.spec("aptx")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 1.0,
        beta_init: Initial = 1.0,
        gamma_init: Initial = 0.5,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha": alpha_init, "beta": beta_init, "gamma": gamma_init}, **common)


class AconC(Learnable):
    r"""ACON-C, :func:`jaxact.acon_c` with learned lines.

    .. math:: y = (p_1 - p_2) x \, \sigma(\beta (p_1 - p_2) x) + p_2 x

    The authors draw :math:`p_1` and :math:`p_2` from the standard normal distribution, which is an initializer away.

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      p1_init: initial :math:`p_1`, a number or an initializer.
      p2_init: initial :math:`p_2`, likewise.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.AconC().p1[...]
      Array(1., dtype=float32)

    References:
      Ma, Zhang, Liu and Sun, Activate or not: learning customized activation, 2020, arXiv:2009.04759.
    """

    record = jaxact.spec("acon_c")

    def __init__(
        self,
        features: int | None = None,
        *,
        p1_init: Initial = 1.0,
        p2_init: Initial = 0.0,
        beta_init: Initial = 1.0,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"p1": p1_init, "p2": p2_init, "beta": beta_init}, **common)


class DyT(Learnable):
    r"""Dynamic tanh, :func:`jaxact.dyt` with learned parameters, in place of a normalization layer.

    .. math:: y = \gamma \tanh(\alpha x) + \beta

    All channels share :math:`\alpha`; with ``features`` each has its own :math:`\gamma` and :math:`\beta`.

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      gamma_init: initial :math:`\gamma`, likewise.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.DyT(features=2).gamma[...]
      Array([1., 1.], dtype=float32)

    References:
      Zhu, Chen, He, LeCun and Liu, Transformers without normalization, 2025, arXiv:2503.10622.
    """

    record = jaxact.spec("dyt")
    shared = ("alpha",)

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.5,
        gamma_init: Initial = 1.0,
        beta_init: Initial = 0.0,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha": alpha_init, "gamma": gamma_init, "beta": beta_init}, **common)


class Derf(Learnable):
    r"""Dynamic error function, :func:`jaxact.derf` with learned parameters, in place of a normalization layer.

    .. math:: y = \gamma \, \mathrm{erf}(\alpha x + s) + \beta

    All channels share :math:`\alpha` and :math:`s`; with ``features`` each has its own :math:`\gamma` and
    :math:`\beta`.

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      s_init: initial :math:`s`, likewise.
      gamma_init: initial :math:`\gamma`, likewise.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.Derf(features=2).gamma[...]
      Array([1., 1.], dtype=float32)

    References:
      Chen, Lu, Zhu, Sun and Liu, Stronger normalization-free transformers, 2025, arXiv:2512.10938.
    """

    record = jaxact.spec("derf")
    shared = ("alpha", "s")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.5,
        s_init: Initial = 0.0,
        gamma_init: Initial = 1.0,
        beta_init: Initial = 0.0,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha": alpha_init, "s": s_init, "gamma": gamma_init, "beta": beta_init}, **common)


class ErfAct(Learnable):
    r"""ErfAct, :func:`jaxact.erf_act` with a learned gate.

    .. math:: y = x \, \mathrm{erf}(\alpha e^{\beta x})

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.ErfAct().alpha[...]
      Array(0.75, dtype=float32)

    References:
      Biswas, Kumar, Banerjee and Pandey, ErfAct and Pserf: non-monotonic smooth trainable activation functions, 2021,
      arXiv:2109.04386.
    """

    record = jaxact.spec("erf_act")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.75,
        beta_init: Initial = 0.75,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha": alpha_init, "beta": beta_init}, **common)


class MPELU(Learnable):
    r"""Multiple parametric exponential linear unit, :func:`jaxact.mpelu` with learned parameters.

    .. math:: y = \begin{cases} x & x > 0 \\ \alpha (e^{\beta x} - 1) & x \le 0 \end{cases}

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.MPELU().alpha[...]
      Array(1., dtype=float32)

    References:
      Li, Fan, Li, Wu and Ming, Improving deep neural network with multiple parametric exponential linear units, 2016,
      arXiv:1606.00305.
    """

    record = jaxact.spec("mpelu")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 1.0,
        beta_init: Initial = 1.0,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha": alpha_init, "beta": beta_init}, **common)


class PELU(Learnable):
    r"""Parametric exponential linear unit, :func:`jaxact.pelu` with learned parameters.

    .. math:: y = \begin{cases} \alpha x / \beta & x \ge 0 \\ \alpha (e^{x / \beta} - 1) & x < 0 \end{cases}

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.PELU().alpha[...]
      Array(1., dtype=float32)

    References:
      Trottier, Giguère and Chaib-draa, Parametric exponential linear unit for deep convolutional neural networks, 2016,
      arXiv:1605.09332.
    """

    record = jaxact.spec("pelu")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 1.0,
        beta_init: Initial = 1.0,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha": alpha_init, "beta": beta_init}, **common)


class PSerf(Learnable):
    r"""Pserf, :func:`jaxact.pserf` with a learned gate.

    .. math:: y = x \, \mathrm{erf}(\gamma \log(1 + e^{\delta x}))

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      gamma_init: initial :math:`\gamma`, a number or an initializer.
      delta_init: initial :math:`\delta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.PSerf().gamma[...]
      Array(1.25, dtype=float32)

    References:
      Biswas, Kumar, Banerjee and Pandey, ErfAct and Pserf: non-monotonic smooth trainable activation functions, 2021,
      arXiv:2109.04386.
    """

    record = jaxact.spec("pserf")

    def __init__(
        self,
        features: int | None = None,
        *,
        gamma_init: Initial = 1.25,
        delta_init: Initial = 0.85,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"gamma": gamma_init, "delta": delta_init}, **common)


class SMU(Learnable):
    r"""Smooth maximum unit, :func:`jaxact.smu` with a learned bend.

    .. math:: y = \frac{(1 + \alpha) x + (1 - \alpha) x \, \mathrm{erf}(\mu (1 - \alpha) x)}{2}

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      mu_init: initial :math:`\mu`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.SMU().alpha[...]
      Array(0.01, dtype=float32)

    References:
      Biswas, Kumar, Banerjee and Pandey, SMU: smooth activation function for deep networks using smoothing maximum
      technique, 2021, arXiv:2111.04682.
    """

    record = jaxact.spec("smu")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.01,
        mu_init: Initial = 2.5,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha": alpha_init, "mu": mu_init}, **common)


class SoftExponential(Learnable):
    r"""Soft exponential, :func:`jaxact.soft_exponential` with a learned parameter.

    .. math::
        y = \begin{cases}
        -\log(1 - \alpha (x + \alpha)) / \alpha & \alpha < 0 \\
        x & \alpha = 0 \\
        (e^{\alpha x} - 1) / \alpha + \alpha & \alpha > 0
        \end{cases}

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.SoftExponential().alpha[...]
      Array(0., dtype=float32)

    References:
      Godfrey and Gashler, A continuum among logarithmic, linear, and exponential functions, and its potential to
      improve generalization in neural networks, 2016, arXiv:1602.01321.
    """

    record = jaxact.spec("soft_exponential")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.0,
        **common: Unpack[Common],
    ):
        """Make the parameter."""
        super().__init__(features, {"alpha": alpha_init}, **common)


class XIELU(Learnable):
    r"""Expanded integral of the exponential linear unit, :func:`jaxact.xielu` with learned parameters.

    .. math:: y = \beta x + \begin{cases} a_p x^2 & x > 0 \\ a_n (e^x - 1 - x) & x \le 0 \end{cases}

    with :math:`a_p = \log(1 + e^{\alpha_p})` and :math:`a_n = \beta + \log(1 + e^{\alpha_n})`. The leaves are named,
    and mean, what the authors' do and those of Transformers, so checkpoints load; theirs leave :math:`\beta` at 1/2.

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_p_init: initial :math:`\alpha_p`, a number or an initializer.
      alpha_n_init: initial :math:`\alpha_n`, likewise.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.XIELU().alpha_p[...]
      Array(0.20338233, dtype=float32)

    References:
      Huang and Schlag, Deriving activation functions using integration, 2024, arXiv:2411.13010.
    """

    record = jaxact.spec("xielu")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_p_init: Initial = 0.20338232081102456,
        alpha_n_init: Initial = -1.0502256128148466,
        beta_init: Initial = 0.5,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"alpha_p": alpha_p_init, "alpha_n": alpha_n_init, "beta": beta_init}, **common)


class XATLU(Learnable):
    r"""Expanded arctan linear unit, :func:`jaxact.xatlu` with a learned range of its gate.

    .. math:: y = x \, (g(x) (1 + 2 \alpha) - \alpha), \quad g(x) = \tfrac{1}{2} + \arctan(x) / \pi

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.XATLU().alpha[...]
      Array(0., dtype=float32)

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """

    record = jaxact.spec("xatlu")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.0,
        **common: Unpack[Common],
    ):
        """Make the parameter."""
        super().__init__(features, {"alpha": alpha_init}, **common)


class XGELU(Learnable):
    r"""Expanded GELU, :func:`jaxact.xgelu` with a learned range of its gate.

    .. math:: y = x \, (g(x) (1 + 2 \alpha) - \alpha), \quad g(x) = \Phi(x)

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.XGELU().alpha[...]
      Array(0., dtype=float32)

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """

    record = jaxact.spec("xgelu")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.0,
        **common: Unpack[Common],
    ):
        """Make the parameter."""
        super().__init__(features, {"alpha": alpha_init}, **common)


class XSiLU(Learnable):
    r"""Expanded SiLU, :func:`jaxact.xsilu` with a learned range of its gate.

    .. math:: y = x \, (g(x) (1 + 2 \alpha) - \alpha), \quad g(x) = \sigma(x)

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.XSiLU().alpha[...]
      Array(0., dtype=float32)

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """

    record = jaxact.spec("xsilu")

    def __init__(
        self,
        features: int | None = None,
        *,
        alpha_init: Initial = 0.0,
        **common: Unpack[Common],
    ):
        """Make the parameter."""
        super().__init__(features, {"alpha": alpha_init}, **common)


class Hermite(Learnable):
    r"""Sum of Hermite polynomials, :func:`jaxact.hermite` with learned coefficients.

    .. math:: y = \sum_{n=0}^{4} c_n \frac{\mathrm{He}_n(x)}{\sqrt{n!}}

    It starts as the expansion of the rectifier.

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      coefficients_init: initial :math:`c_n`, a number, one for each polynomial, or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.Hermite(features=3).coefficients.shape
      (5, 3)

    References:
      Lokhande, Tasneeyapant, Venkatesh, Ravi and Singh, Generating accurate pseudo-labels in semi-supervised learning
      and avoiding overconfident predictions via Hermite polynomial activations, 2019, arXiv:1909.05479.
    """

    record = jaxact.spec("hermite")

    def __init__(
        self,
        features: int | None = None,
        *,
        coefficients_init: Initial = (0.3989422804014327, 0.5, 0.28209479177387814, 0.0, -0.08143375198381998),
        **common: Unpack[Common],
    ):
        """Make the parameter."""
        super().__init__(features, {"coefficients": coefficients_init}, **common)


class PolyReLU(Learnable):
    r"""Polynomial in the rectifier, :func:`jaxact.poly_relu` with learned coefficients.

    .. math:: y = b + \sum_{i=1}^{3} w_i \max(x, 0)^i

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      weights_init: initial :math:`w_i`, a number, one for each power, or an initializer.
      bias_init: initial :math:`b`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.PolyReLU().weights[...]
      Array([0.33333334, 0.33333334, 0.33333334], dtype=float32)

    References:
      Zhuo et al., Polynomial composition activations: unleashing the dynamics of large language models, 2024,
      arXiv:2411.03884.
    """

    record = jaxact.spec("poly_relu")

    def __init__(
        self,
        features: int | None = None,
        *,
        weights_init: Initial = (1 / 3, 1 / 3, 1 / 3),
        bias_init: Initial = 0.0,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"weights": weights_init, "bias": bias_init}, **common)


class PolyNorm(Learnable):
    r"""Sum of normalised powers, :func:`jaxact.poly_norm` with learned coefficients.

    .. math:: y = b + \sum_{i=1}^{3} w_i \frac{x^i}{\sqrt{\mathrm{mean}(x^{2 i}) + \epsilon}}

    with the mean over ``axis``.

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      weights_init: initial :math:`w_i`, a number, one for each power, or an initializer.
      bias_init: initial :math:`b`, a number or an initializer.
      eps: small positive number.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, or ``eps`` is not positive.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.PolyNorm().bias[...]
      Array(0., dtype=float32)

    References:
      Zhuo et al., Polynomial composition activations: unleashing the dynamics of large language models, 2024,
      arXiv:2411.03884.
    """

    record = jaxact.spec("poly_norm")

    def __init__(
        self,
        features: int | None = None,
        *,
        weights_init: Initial = (1 / 3, 1 / 3, 1 / 3),
        bias_init: Initial = 0.0,
        eps: float = 1e-6,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        super().__init__(features, {"weights": weights_init, "bias": bias_init}, **common)
        self.eps = eps


class Rational(Learnable):
    r"""Quotient of polynomials, :func:`jaxact.rational` with learned coefficients.

    .. math:: y = \frac{a_0 + a_1 x + \cdots + a_5 x^5}{1 + |b_1 x + \cdots + b_4 x^4|}

    It starts as the best fit of the leaky rectifier, or of another function, on [-3, 3], and never has a pole.

    Args:
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      numerator_init: initial :math:`a_j`, a number, one for each power, or an initializer.
      denominator_init: initial :math:`b_k`, likewise.
      approximate: name of the activation to start as, in place of what these two say; the error names those that there
        are.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, or there is no fit of ``approximate``.

    Examples:
      >>> import jaxact
      >>> rational = jaxact.nnx.Rational(approximate="tanh")
      >>> print(f"{rational(1.0):.4f}, {jaxact.tanh(1.0):.4f}")
      0.7616, 0.7616

    References:
      Molina, Schramowski and Kersting, Padé activation units: end-to-end learning of flexible activation functions in
      deep networks, 2019, arXiv:1907.06732.
    """

    record = jaxact.spec("rational")

    def __init__(
        self,
        features: int | None = None,
        *,
        numerator_init: Initial = FITS["leaky_relu"][0],
        denominator_init: Initial = FITS["leaky_relu"][1],
        approximate: str | None = None,
        **common: Unpack[Common],
    ):
        """Make the parameters."""
        if approximate is not None:
            numerator_init, denominator_init = _module.fitted("Rational", approximate)
        super().__init__(features, {"numerator": numerator_init, "denominator": denominator_init}, **common)
        self.approximate = approximate


class RReLU(_Stochastic):
    r"""Randomized leaky rectified linear unit, :func:`jaxact.rrelu` with keys from a random stream.

    .. math:: y = \begin{cases} x & x \ge 0 \\ a x & x < 0 \end{cases}, \quad a \sim U(l, u)

    Args:
      lower: least negative slope.
      upper: greatest negative slope.
      deterministic: whether to use the mean slope, as in evaluation; the call's argument of this name goes first, and
        ``train()`` and ``eval()`` of the model set this one.
      rng_collection: name of the stream that the keys come from.
      dtype: what the input is converted to first; ``None`` leaves it as it is.
      rngs: where the stream is taken from; it goes its own way from there.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``lower > upper``, or the stream is missing.

    Examples:
      >>> import jaxact, jax
      >>> from flax import nnx
      >>> x = jax.numpy.array([-8.0, 8.0])
      >>> y = jaxact.nnx.RReLU(rngs=nnx.Rngs(activation=0))(x)
      >>> jaxact.nnx.RReLU(lower=0.0, upper=0.5)(x, deterministic=True)
      Array([-2.,  8.], dtype=float32)

    References:
      Xu, Wang, Chen and Li, Empirical evaluation of rectified activations in convolutional network, 2015,
      arXiv:1505.00853.
    """

    def __init__(
        self,
        lower: float = 1 / 8,
        upper: float = 1 / 3,
        *,
        deterministic: bool = False,
        rng_collection: str = "activation",
        dtype: DTypeLike | None = None,
        rngs: nnx.Rngs | None = None,
    ):
        """Take a stream of its own."""
        self.lower = lower
        self.upper = upper
        super().__init__(deterministic, rng_collection, dtype, rngs)

    def __call__(
        self, x: ArrayLike, deterministic: bool | None = None, rngs: nnx.Rngs | nnx.RngStream | Array | None = None
    ) -> Array:
        """Apply the function to ``x``, with a key of ``rngs`` if there is one."""
        options = {**self._drawn(deterministic, rngs), "lower": self.lower, "upper": self.upper}
        return _module.call("RReLU", jaxact.spec("rrelu"), x, {}, options, None, -1, self.dtype)


class ProbAct(_Stochastic):
    r"""ProbAct, :func:`jaxact.prob_act` with a learned standard deviation and keys from a random stream.

    .. math:: y = \max(x, 0) + \sigma \varepsilon, \quad \varepsilon \sim N(0, 1)

    Args:
      features, axis, param_dtype: see :class:`Learnable`.
      sigma_init: initial :math:`\sigma`, a number or an initializer.
      deterministic: whether to use the mean; the call's argument of this name goes first, and
        ``train()`` and ``eval()`` of the model set this one.
      rng_collection: name of the stream that the keys come from.
      dtype: what the input is converted to first; ``None`` leaves it as it is.
      rngs: where the stream is taken from, and initializers get their keys; the stream goes its own way from there.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, or the stream is missing.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.ProbAct(features=2, sigma_init=0.1).sigma[...]
      Array([0.1, 0.1], dtype=float32)

    References:
      Shridhar et al., ProbAct: a probabilistic activation function for deep neural networks, 2019, arXiv:1905.10761.
    """

    def __init__(
        self,
        features: int | None = None,
        *,
        axis: int = -1,
        sigma_init: Initial = 0.0,
        deterministic: bool = False,
        rng_collection: str = "activation",
        dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs | None = None,
    ):
        """Make the parameter, and take a stream of its own."""
        super().__init__(deterministic, rng_collection, dtype, rngs)
        self.features = features
        self.axis = axis
        self.param_dtype = param_dtype
        self.sigma = _param("ProbAct: sigma_init", sigma_init, 0.0, features, param_dtype, rngs)

    def __call__(
        self, x: ArrayLike, deterministic: bool | None = None, rngs: nnx.Rngs | nnx.RngStream | Array | None = None
    ) -> Array:
        """Apply the function to ``x``, with a key of ``rngs`` if there is one."""
        parameters, options = {"sigma": self.sigma[...]}, self._drawn(deterministic, rngs)
        record = jaxact.spec("prob_act")
        return _module.call("ProbAct", record, x, parameters, options, self.features, self.axis, self.dtype)


class Mixture(nnx.Module):
    r"""Mixture, a learned convex combination of activations.

    .. math:: y = \sum_i p_i f_i(x), \quad p = \mathrm{softmax}(w)

    The combination is the paper's; the softmax is what keeps it convex. It starts as the mean, is computed in float32
    and rounded once, and the backward pass keeps the input alone.

    Args:
      names: elementwise activations, by name; at their default parameters.
      features, axis, dtype, param_dtype, rngs: see :class:`Learnable`.
      weights_init: initial :math:`w`, a number, one for each of the activations, or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``names`` is empty or has one that is not elementwise, or ``features`` is not the input's size along
        ``axis``.
      KeyError: there is no such activation.

    Examples:
      >>> import jaxact
      >>> jaxact.nnx.Mixture(("relu", "tanh")).weights[...]
      Array([0., 0.], dtype=float32)

    References:
      Manessi and Rozza, Learning combinations of activation functions, 2018, arXiv:1801.09403.
    """

    def __init__(
        self,
        names: tuple[str, ...],
        features: int | None = None,
        *,
        axis: int = -1,
        weights_init: Initial = 0.0,
        dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs | None = None,
    ):
        """Make the weights."""
        self.functions = _module.mixed("Mixture", names)
        self.names = tuple(names)
        self.features = features
        self.axis = axis
        self.dtype = dtype
        self.param_dtype = param_dtype
        default = (0.0,) * len(names)
        self.weights = _param("Mixture: weights_init", weights_init, default, features, param_dtype, rngs)

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the mixture to ``x``."""
        x = _module.converted("nnx.Mixture", x, self.dtype)
        weights = _module.aligned("Mixture", x, [self.weights[...]], self.features, self.axis)
        return _module.mixture(self.functions, x, *weights)


class GatedMLP(nnx.Module):
    r"""Gated feed-forward layer of current language models.

    .. math:: y = W_o \, g(W_a x, W_b x)

    with :math:`g` a gated activation, and biases if there are any. It has the layers ``wi_gate``, ``wi_value`` and
    ``wo``, each with a ``kernel`` of shape (inputs, outputs), and ``bias``.

    With ``partitioning=("embed", "mlp")`` the kernels carry those names for their axes, in that order on the way in and
    the other way round on the way out. They are names of mesh axes, or logical ones that rules translate; with
    ``(None, "model")`` the hidden units are split over ``model``, which takes one reduction per call. NNX splits them
    as it makes them, so that wants a mesh with such an axis, set by ``jax.set_mesh``.

    Args:
      features: size of the last axis of the input, and of the result.
      hidden: number of hidden units; two thirds of what a plain layer has make it as large.
      gate: name of a gated activation, or a function of gate and value.
      use_bias: whether the layers have biases.
      kernel_init: initializer of the kernels.
      bias_init: initializer of the biases.
      partitioning: names of the axes of features and of hidden units; ``None`` attaches no metadata.
      dtype: what the input is converted to first, and computed in; ``None`` leaves it as it is.
      param_dtype: dtype of the parameters.
      rngs: where the initializers get their keys.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: there is no such gate, a size is not positive, or the input's last axis has not ``features`` entries.

    Examples:
      >>> import jaxact
      >>> from flax import nnx
      >>> mlp = jaxact.nnx.GatedMLP(features=4, hidden=8, rngs=nnx.Rngs(0))
      >>> mlp.wi_gate.kernel.shape, mlp.wi_value.kernel.shape, mlp.wo.kernel.shape
      ((4, 8), (4, 8), (8, 4))

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """

    def __init__(
        self,
        features: int,
        hidden: int,
        *,
        gate: Gate = "swiglu",
        use_bias: bool = False,
        kernel_init: Initializer = _module.KERNEL_INIT,
        bias_init: Initializer = _module.BIAS_INIT,
        partitioning: Partitioning | None = None,
        dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        """Make the layers."""
        _module.check_sizes("GatedMLP", features=features, hidden=hidden)
        self.activation = _module.gate_function("GatedMLP", gate)
        self.features = features
        self.hidden = hidden
        self.gate = gate
        self.use_bias = use_bias
        self.partitioning = partitioning
        self.dtype = dtype
        self.param_dtype = param_dtype

        def linear(inputs: int, outputs: int, axes: Partitioning) -> nnx.Linear:
            partitioned = partitioning is not None
            return nnx.Linear(
                inputs,
                outputs,
                use_bias=use_bias,
                param_dtype=param_dtype,
                kernel_init=nnx.with_partitioning(kernel_init, axes) if partitioned else kernel_init,
                bias_init=nnx.with_partitioning(bias_init, axes[1:]) if partitioned else bias_init,
                promote_dtype=_module.like_the_first,
                rngs=rngs,
            )

        embed, mlp = partitioning or (None, None)
        self.wi_gate = linear(features, hidden, (embed, mlp))
        self.wi_value = linear(features, hidden, (embed, mlp))
        self.wo = linear(hidden, features, (mlp, embed))

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the layer to ``x``."""
        x = _module.converted("nnx.GatedMLP", x, self.dtype)
        _module.check_features("GatedMLP", x, self.features)
        return self.wo(self.activation(self.wi_gate(x), self.wi_value(x)))


class Maxout(nnx.Module):
    r"""Maxout layer: each result is the largest of some affine functions of the input.

    .. math:: y_i = \max_{0 \le j < k} (x W + b)_{k i + j}

    with :math:`k` the number of pieces. It is a layer of its own, as the paper has it, with a ``kernel`` of shape
    (features, units times pieces) and a ``bias``; behind any other layer there is :func:`jaxact.maxout`.

    Args:
      features: size of the last axis of the input.
      units: size of the last axis of the result.
      pieces: number of affine functions that each result is the largest of.
      use_bias: whether there is a bias.
      kernel_init: initializer of the kernel.
      bias_init: initializer of the bias.
      dtype: what the input is converted to first, and computed in; ``None`` leaves it as it is.
      param_dtype: dtype of the parameters.
      rngs: where the initializers get their keys.

    Returns:
      When called, an array of the shape and floating dtype of its input, but for the last axis, of size ``units``.

    Raises:
      ValueError: a size is not positive, or the input's last axis has not ``features`` entries.

    Examples:
      >>> import jaxact
      >>> from flax import nnx
      >>> layer = jaxact.nnx.Maxout(features=4, units=3, rngs=nnx.Rngs(0))
      >>> layer.kernel.shape, layer.bias.shape
      ((4, 6), (6,))

    References:
      Goodfellow, Warde-Farley, Mirza, Courville and Bengio, Maxout networks, 2013, arXiv:1302.4389.
    """

    def __init__(
        self,
        features: int,
        units: int,
        *,
        pieces: int = 2,
        use_bias: bool = True,
        kernel_init: Initializer = _module.KERNEL_INIT,
        bias_init: Initializer = _module.BIAS_INIT,
        dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        """Make the parameters."""
        _module.check_sizes("Maxout", features=features, units=units, pieces=pieces)
        self.features = features
        self.units = units
        self.pieces = pieces
        self.use_bias = use_bias
        self.dtype = dtype
        self.param_dtype = param_dtype
        size = units * pieces
        self.kernel = nnx.Param(kernel_init(rngs.params(), (features, size), param_dtype))
        self.bias = nnx.Param(bias_init(rngs.params(), (size,), param_dtype)) if use_bias else nnx.data(None)

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the layer to ``x``."""
        x = _module.converted("nnx.Maxout", x, self.dtype)
        _module.check_features("Maxout", x, self.features)
        bias = None if self.bias is None else self.bias[...]
        return _module.maxout_layer(x, self.kernel[...], bias, self.pieces)


class MetaAcon(nnx.Module):
    r"""Meta-ACON: :func:`jaxact.acon_c` whose sharpness a small network makes of the input, for each channel.

    .. math::
        y = (p_1 - p_2) x \, \sigma(\beta (p_1 - p_2) x) + p_2 x, \quad
        \beta = \sigma(W_2 (W_1 \bar x + b_1) + b_2)

    with :math:`\bar x` the mean of the input over all axes but the first, which is the batch, and that of the channels.
    The layers are ``fc1`` and ``fc2``, each with a ``kernel`` and a ``bias``. They are what the authors' code has, save
    that it normalizes over the batch after each of them, which their paper does not.

    Args:
      features: number of channels.
      axis: where they are in the input.
      reduction: how many channels there are to a hidden unit; there are at least that many units.
      p1_init: initial :math:`p_1`, a number, one for each of the channels, or an initializer.
      p2_init: initial :math:`p_2`, likewise.
      kernel_init: initializer of the kernels.
      bias_init: initializer of the biases.
      dtype: what the input is converted to first, and computed in; ``None`` leaves it as it is.
      param_dtype: dtype of the parameters.
      rngs: where the initializers get their keys.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, there is no such axis, or a size is not positive.

    Examples:
      >>> import jaxact
      >>> from flax import nnx
      >>> jaxact.nnx.MetaAcon(features=4, rngs=nnx.Rngs(0)).fc1.kernel.shape
      (4, 16)

    References:
      Ma, Zhang, Liu and Sun, Activate or not: learning customized activation, 2020, arXiv:2009.04759.
    """

    def __init__(
        self,
        features: int,
        *,
        axis: int = -1,
        reduction: int = 16,
        p1_init: Initial = _module.NORMAL_INIT,
        p2_init: Initial = _module.NORMAL_INIT,
        kernel_init: Initializer = _module.KERNEL_INIT,
        bias_init: Initializer = _module.BIAS_INIT,
        dtype: DTypeLike | None = None,
        param_dtype: DTypeLike = jnp.float32,
        rngs: nnx.Rngs,
    ):
        """Make the parameters."""
        _module.check_sizes("MetaAcon", features=features, reduction=reduction)
        self.features = features
        self.axis = axis
        self.reduction = reduction
        self.dtype = dtype
        self.param_dtype = param_dtype
        self.p1 = _param("MetaAcon: p1_init", p1_init, 0.0, features, param_dtype, rngs)
        self.p2 = _param("MetaAcon: p2_init", p2_init, 0.0, features, param_dtype, rngs)

        def linear(inputs: int, outputs: int) -> nnx.Linear:
            return nnx.Linear(
                inputs,
                outputs,
                param_dtype=param_dtype,
                kernel_init=kernel_init,
                bias_init=bias_init,
                promote_dtype=_module.like_the_first,
                rngs=rngs,
            )

        hidden = max(reduction, features // reduction)
        self.fc1 = linear(features, hidden)
        self.fc2 = linear(hidden, features)

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the function to ``x``."""
        x = _module.converted("nnx.MetaAcon", x, self.dtype)

        def network(means: Array) -> Array:
            return self.fc2(self.fc1(means))

        return _module.meta_acon("MetaAcon", x, self.p1[...], self.p2[...], network, self.axis)


def _param(
    argument: str, initial: Initial, default: Any, features: int | None, dtype: DTypeLike, rngs: nnx.Rngs | None
) -> nnx.Param:
    """A parameter shaped like its default, one such per channel where there are ``features``."""
    key: Any = None
    if callable(initial):
        if rngs is None:
            raise ValueError(f"{argument} is a function and needs a random key; pass rngs=nnx.Rngs(seed)")
        key = rngs.params()
    shape = _module.parameter_shape(argument.partition(":")[0], default, features)
    return nnx.Param(_module.initializer(argument, initial)(key, shape, dtype))


def _stream(rngs: nnx.Rngs | None, name: str) -> nnx.RngStream | None:
    """The stream of that name, or the default one, if there is either."""
    try:
        return None if rngs is None else rngs[name]
    except (AttributeError, KeyError):
        return None


def _key(module: nnx.Module, name: str, rngs: nnx.Rngs | nnx.RngStream | Array | None) -> Array:
    """The key that was given, or else the next one of the stream."""
    if isinstance(rngs, Array):
        return rngs
    stream = _stream(rngs, name) if isinstance(rngs, nnx.Rngs) else rngs
    if stream is None:
        raise ValueError(
            f"{type(module).__name__}: the random stream {name!r} is missing; "
            f"pass rngs=nnx.Rngs({name}=seed) when making or calling it, or deterministic=True for evaluation"
        )
    return stream()
