"""Activations with something to learn, or to draw, as Flax linen modules.

Each class is named as in :mod:`jaxact.nnx`, takes the same arguments, and has parameters of the same names and shapes,
so weights move from one to the other. What all learnable ones have in common is described at :class:`Learnable`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike, DTypeLike

import jaxact
from jaxact import _module
from jaxact._module import Function, Gate, Initial, Initializer, Partitioning
from jaxact._rational import FITS

try:
    import flax.linen as nn
    from flax.errors import InvalidRngError
except ModuleNotFoundError as error:
    raise ImportError(_module.NO_FLAX) from error

# fmt: off
__all__ = [  # noqa: RUF022  names in capitals are not constants
    "APL", "AReLU", "AconC", "AptX", "Derf", "DyT", "ErfAct", "GatedMLP", "HOSC", "Hermite", "Learnable", "MLP",
    "MPELU", "Maxout", "MetaAcon", "Mixture", "PELU", "PReLU", "PSerf", "PolyNorm", "PolyReLU", "PowLU",
    "ProbAct", "RReLU", "Rational", "SMU", "SReLU", "STAF", "SinLU", "Sine", "Snake", "SnakeBeta",
    "SoftExponential", "StarReLU", "Swish", "TLU", "XATLU", "XGELU", "XIELU", "XSiLU",
]
# fmt: on


class Learnable(nn.Module):
    r"""Base of the modules that learn the parameters of a function.

    .. math:: y = f(x; \theta)

    A subclass sets ``record``, the function's record, and has a field ``<parameter>_init`` for each parameter: a
    number, one for each of its coefficients, or an initializer. Options of the function are fields too. The result has
    the dtype of the input, whatever that of the parameters.

    Args:
      features: ``None`` for parameters that all channels share, else the number of channels, and each has its own.
      groups: into how many groups of neighbouring channels ``features`` are divided, each with its own; ``None`` for
        parameters of each channel.
      axis: where the channels are in the input.
      dtype: what the input is converted to first; ``None`` leaves it as it is.
      param_dtype: dtype of the parameters.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis`` or not a multiple of ``groups``, there is no such
        axis, or an initial value does not fit.

    Examples:
      >>> import jaxact, jax
      >>> class Softplus(jaxact.linen.Learnable):
      ...     record = jaxact.spec("softplus")
      ...     beta_init: float = 1.0
      >>> Softplus(features=3).init(jax.random.key(0), jax.numpy.zeros((2, 3)))
      {'params': {'beta': Array([1., 1., 1.], dtype=float32)}}
    """

    record: ClassVar[jaxact.Activation]
    shared: ClassVar[tuple[str, ...]] = ()  # parameters that all channels have in common in any case

    features: int | None = None
    groups: int | None = None
    axis: int = -1
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32

    @nn.compact
    def __call__(self, x: ArrayLike) -> Array:
        """Apply the function to ``x``."""
        module = type(self).__name__
        parameters = {}
        for name, default in self.record.parameters.items():
            init = _module.initializer(f"{module}: {name}_init", getattr(self, f"{name}_init"))
            shape = _module.parameter_shape(module, default, self.features, self.groups, name in self.shared)
            parameters[name] = self.param(name, init, shape, self.param_dtype)
        options = {name: getattr(self, name) for name in self.record.options}
        return _module.call(module, self.record, x, parameters, options, self)


class PReLU(Learnable):
    """Parametric rectified linear unit, :func:`jaxact.prelu` with a learned negative slope."""

    record = jaxact.spec("prelu")
    negative_slope_init: Initial = 0.25


class Swish(Learnable):
    """Swish, :func:`jaxact.swish` with a learned sharpness."""

    record = jaxact.spec("swish")
    beta_init: Initial = 1.0


class Sine(Learnable):
    """Sine, :func:`jaxact.sine` with a learned frequency."""

    record = jaxact.spec("sine")
    w0_init: Initial = 30.0


class Snake(Learnable):
    """Snake, :func:`jaxact.snake` with a learned frequency."""

    record = jaxact.spec("snake")
    alpha_init: Initial = 1.0


class SnakeBeta(Learnable):
    """Snake with frequency and height learned apart, :func:`jaxact.snake_beta`."""

    record = jaxact.spec("snake_beta")
    alpha_init: Initial = 0.0
    beta_init: Initial = 0.0


class SinLU(Learnable):
    """Sinu-sigmoidal linear unit, :func:`jaxact.sinlu` with a learned wave."""

    record = jaxact.spec("sinlu")
    a_init: Initial = 1.0
    b_init: Initial = 1.0


class HOSC(Learnable):
    """Hyperbolic oscillator, :func:`jaxact.hosc` with a learned sharpness and frequency."""

    record = jaxact.spec("hosc")
    beta_init: Initial = 1.0
    w0_init: Initial = 30.0


class STAF(Learnable):
    """Sum of sine waves, :func:`jaxact.staf` with learned heights, frequencies and phases."""

    record = jaxact.spec("staf")
    amplitudes_init: Initial = (0.6324555320336759,) * 5
    frequencies_init: Initial = (6.0, 12.0, 18.0, 24.0, 30.0)
    phases_init: Initial = (0.0,) * 5


class SReLU(Learnable):
    """S-shaped rectified linear unit, :func:`jaxact.srelu` with learned ends and outer slopes.

    The paper sets ``t_r`` to a quantile of the layer's first inputs, and keeps all four fixed for some epochs.
    """

    record = jaxact.spec("srelu")
    t_l_init: Initial = 0.0
    a_l_init: Initial = 0.2
    t_r_init: Initial = 1.0
    a_r_init: Initial = 1.0


class StarReLU(Learnable):
    """StarReLU, :func:`jaxact.star_relu` with a learned scale and shift.

    The authors' code starts from a scale of 1 and a shift of 0.
    """

    record = jaxact.spec("star_relu")
    s_init: Initial = 0.8944
    b_init: Initial = -0.4472


class AReLU(Learnable):
    """Attention-based rectified linear unit, :func:`jaxact.arelu` with learned slopes on both sides."""

    record = jaxact.spec("arelu")
    alpha_init: Initial = 0.9
    beta_init: Initial = 2.0


class APL(Learnable):
    """Adaptive piecewise linear unit, :func:`jaxact.apl` with learned hinges.

    The authors draw both at random: the slopes uniformly around 0, the hinges with standard deviation 1/2.
    """

    record = jaxact.spec("apl")
    slopes_init: Initial = (0.0, 0.0, 0.0, 0.0, 0.0)
    hinges_init: Initial = (-1.0, -0.5, 0.0, 0.5, 1.0)


class TLU(Learnable):
    """Thresholded linear unit, :func:`jaxact.tlu` with a learned threshold."""

    record = jaxact.spec("tlu")
    tau_init: Initial = 0.0


class AptX(Learnable):
    """APTx, :func:`jaxact.aptx` with a learned gate."""

    record = jaxact.spec("aptx")
    alpha_init: Initial = 1.0
    beta_init: Initial = 1.0
    gamma_init: Initial = 0.5


class AconC(Learnable):
    """ACON-C, :func:`jaxact.acon_c` with learned lines.

    The authors draw ``p1`` and ``p2`` from the standard normal distribution.
    """

    record = jaxact.spec("acon_c")
    p1_init: Initial = 1.0
    p2_init: Initial = 0.0
    beta_init: Initial = 1.0


class DyT(Learnable):
    """Dynamic tanh, :func:`jaxact.dyt` with learned parameters, in place of a normalization layer.

    All channels share ``alpha``; with ``features`` each has its own ``gamma`` and ``beta``.
    """

    record = jaxact.spec("dyt")
    shared = ("alpha",)
    alpha_init: Initial = 0.5
    gamma_init: Initial = 1.0
    beta_init: Initial = 0.0


class Derf(Learnable):
    """Dynamic error function, :func:`jaxact.derf` with learned parameters, in place of a normalization layer.

    All channels share ``alpha`` and ``s``; with ``features`` each has its own ``gamma`` and ``beta``.
    """

    record = jaxact.spec("derf")
    shared = ("alpha", "s")
    alpha_init: Initial = 0.5
    s_init: Initial = 0.0
    gamma_init: Initial = 1.0
    beta_init: Initial = 0.0


class ErfAct(Learnable):
    """ErfAct, :func:`jaxact.erf_act` with a learned gate."""

    record = jaxact.spec("erf_act")
    alpha_init: Initial = 0.75
    beta_init: Initial = 0.75


class MPELU(Learnable):
    """Multiple parametric exponential linear unit, :func:`jaxact.mpelu` with learned parameters."""

    record = jaxact.spec("mpelu")
    alpha_init: Initial = 1.0
    beta_init: Initial = 1.0


class PELU(Learnable):
    """Parametric exponential linear unit, :func:`jaxact.pelu` with learned parameters."""

    record = jaxact.spec("pelu")
    alpha_init: Initial = 1.0
    beta_init: Initial = 1.0


class PowLU(Learnable):
    """Power linear unit, :func:`jaxact.powlu` with a learned power."""

    record = jaxact.spec("powlu")
    m_init: Initial = 3.0


class PSerf(Learnable):
    """Pserf, :func:`jaxact.pserf` with a learned gate."""

    record = jaxact.spec("pserf")
    gamma_init: Initial = 1.25
    delta_init: Initial = 0.85


class SMU(Learnable):
    """Smooth maximum unit, :func:`jaxact.smu` with a learned bend."""

    record = jaxact.spec("smu")
    alpha_init: Initial = 0.01
    mu_init: Initial = 2.5


class SoftExponential(Learnable):
    """Soft exponential, :func:`jaxact.soft_exponential` with a learned parameter."""

    record = jaxact.spec("soft_exponential")
    alpha_init: Initial = 0.0


class XIELU(Learnable):
    """Expanded integral of the exponential linear unit, :func:`jaxact.xielu` with learned parameters.

    Its parameters have the names and the meaning of those in Transformers, so checkpoints load; there ``beta`` is fixed
    at 1/2.
    """

    record = jaxact.spec("xielu")
    alpha_p_init: Initial = 0.20338232081102456
    alpha_n_init: Initial = -1.0502256128148466
    beta_init: Initial = 0.5


class XATLU(Learnable):
    """Expanded arctan linear unit, :func:`jaxact.xatlu` with a learned range of its gate."""

    record = jaxact.spec("xatlu")
    alpha_init: Initial = 0.0


class XGELU(Learnable):
    """Expanded GELU, :func:`jaxact.xgelu` with a learned range of its gate."""

    record = jaxact.spec("xgelu")
    alpha_init: Initial = 0.0


class XSiLU(Learnable):
    """Expanded SiLU, :func:`jaxact.xsilu` with a learned range of its gate."""

    record = jaxact.spec("xsilu")
    alpha_init: Initial = 0.0


class Hermite(Learnable):
    """Sum of Hermite polynomials, :func:`jaxact.hermite` with learned coefficients.

    It starts as the expansion of the rectifier.
    """

    record = jaxact.spec("hermite")
    coefficients_init: Initial = (0.3989422804014327, 0.5, 0.28209479177387814, 0.0, -0.08143375198381998)


class PolyReLU(Learnable):
    """Polynomial in the rectifier, :func:`jaxact.poly_relu` with learned coefficients."""

    record = jaxact.spec("poly_relu")
    weights_init: Initial = (1 / 3, 1 / 3, 1 / 3)
    bias_init: Initial = 0.0


class PolyNorm(Learnable):
    """Sum of normalised powers, :func:`jaxact.poly_norm` with learned coefficients."""

    record = jaxact.spec("poly_norm")
    weights_init: Initial = (1 / 3, 1 / 3, 1 / 3)
    bias_init: Initial = 0.0
    eps: float = 1e-6


class Rational(Learnable):
    """Quotient of polynomials, :func:`jaxact.rational` with learned coefficients.

    It starts as the best fit of the leaky rectifier on [-3, 3], or of the activation that ``approximate`` names, and
    never has a pole.
    """

    record = jaxact.spec("rational")
    numerator_init: Initial = FITS["leaky_relu"][0]
    denominator_init: Initial = FITS["leaky_relu"][1]
    approximate: str | None = None

    def __post_init__(self) -> None:
        """Start as the named activation, if there is one."""
        if self.approximate is not None:
            self.numerator_init, self.denominator_init = _module.fitted("Rational", self.approximate)
        super().__post_init__()


class RReLU(nn.Module):
    """Randomized leaky rectified linear unit, :func:`jaxact.rrelu` with keys from a random stream.

    Args:
      lower: least negative slope.
      upper: greatest negative slope.
      deterministic: whether to use the mean slope, as in evaluation; an argument of the call takes precedence.
      rng_collection: name of the stream that the keys come from.
      dtype: what the input is converted to first; ``None`` leaves it as it is.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``lower > upper``, or the stream is missing.

    Examples:
      >>> import jaxact, jax
      >>> x = jax.numpy.array([-8.0, 8.0])
      >>> y = jaxact.linen.RReLU().apply({}, x, rngs={"activation": jax.random.key(0)})
      >>> jaxact.linen.RReLU(lower=0.0, upper=0.5).apply({}, x, deterministic=True)
      Array([-2.,  8.], dtype=float32)
    """

    lower: float = 1 / 8
    upper: float = 1 / 3
    deterministic: bool = False
    rng_collection: str = "activation"
    dtype: DTypeLike | None = None

    @nn.compact
    def __call__(self, x: ArrayLike, deterministic: bool | None = None, rng: Array | None = None) -> Array:
        """Apply the function to ``x``, with the key ``rng`` if there is one."""
        options = {**_drawn(self, deterministic, rng), "lower": self.lower, "upper": self.upper}
        return _module.call("RReLU", jaxact.spec("rrelu"), x, {}, options, self)


class ProbAct(nn.Module):
    """ProbAct, :func:`jaxact.prob_act` with a learned standard deviation and keys from a random stream.

    Args:
      features, axis, param_dtype: see :class:`Learnable`.
      sigma_init: initial standard deviation, a number or an initializer.
      deterministic: whether to use the mean; an argument of the call takes precedence.
      rng_collection: name of the stream that the keys come from.
      dtype: what the input is converted to first; ``None`` leaves it as it is.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, or the stream is missing.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.ProbAct(deterministic=True).init(jax.random.key(0), jax.numpy.zeros(3))
      {'params': {'sigma': Array(0., dtype=float32)}}
    """

    features: int | None = None
    axis: int = -1
    sigma_init: Initial = 0.0
    deterministic: bool = False
    rng_collection: str = "activation"
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32

    @nn.compact
    def __call__(self, x: ArrayLike, deterministic: bool | None = None, rng: Array | None = None) -> Array:
        """Apply the function to ``x``, with the key ``rng`` if there is one."""
        init = _module.initializer("ProbAct: sigma_init", self.sigma_init)
        shape = _module.parameter_shape("ProbAct", 0.0, self.features)
        parameters = {"sigma": self.param("sigma", init, shape, self.param_dtype)}
        options = _drawn(self, deterministic, rng)
        return _module.call("ProbAct", jaxact.spec("prob_act"), x, parameters, options, self)


class Mixture(nn.Module):
    r"""Mixture, a learned convex combination of activations.

    .. math:: y = \sum_i p_i f_i(x), \quad p = \mathrm{softmax}(w)

    It starts as the mean, is computed in float32 and rounded once, and the backward pass keeps the input alone.

    Args:
      names: elementwise activations, by name; at their default parameters.
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      weights_init: initial :math:`w`, a number, one for each of the activations, or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``names`` is empty or has one that is not elementwise, or ``features`` is not the input's size along
        ``axis``.
      KeyError: there is no such activation.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.Mixture(("relu", "tanh")).init(jax.random.key(0), jax.numpy.zeros(3))
      {'params': {'weights': Array([0., 0.], dtype=float32)}}

    References:
      Manessi and Rozza, Learning combinations of activation functions, 2018, arXiv:1801.09403; the softmax, which keeps
      the combination convex, is ours.
    """

    names: tuple[str, ...]
    features: int | None = None
    axis: int = -1
    weights_init: Initial = 0.0
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32

    @nn.compact
    def __call__(self, x: ArrayLike) -> Array:
        """Apply the mixture to ``x``."""
        functions = _module.mixed("Mixture", self.names)
        init = _module.initializer("Mixture: weights_init", self.weights_init)
        shape = _module.parameter_shape("Mixture", (0.0,) * len(functions), self.features)
        weights = self.param("weights", init, shape, self.param_dtype)
        x = _module.converted("linen.Mixture", x, self.dtype)
        return _module.mixture(functions, x, *_module.aligned("Mixture", x, [weights], self.features, self.axis))


class _FeedForward(nn.Module):
    """What the feed-forward layers have in common: layers into hidden units, a function of them, and ``wo``."""

    features: int
    hidden: int
    use_bias: bool = True
    kernel_init: Initializer = _module.KERNEL_INIT
    bias_init: Initializer = _module.BIAS_INIT
    partitioning: Partitioning | None = None
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    remat: bool = True

    def _apply(self, x: ArrayLike, layers: tuple[str, ...], activation: Callable[..., Array]) -> Array:
        module = type(self).__name__
        _module.check_sizes(module, features=self.features, hidden=self.hidden)
        x = _module.converted(f"linen.{module}", x, self.dtype)
        _module.check_features(module, x, self.features)
        embed, mlp = self.partitioning or (None, None)
        units = [self._dense(name, self.hidden, (embed, mlp), x.dtype)(x) for name in layers]

        def out(self: _FeedForward, *units: Array) -> Array:
            return self._dense("wo", self.features, (mlp, embed), x.dtype)(activation(*units))

        return (nn.remat(out) if self.remat else out)(self, *units)

    def _dense(self, name: str, size: int, axes: Partitioning, dtype: DTypeLike) -> nn.Dense:
        kernel_init, bias_init = self.kernel_init, self.bias_init
        if self.partitioning is not None:
            kernel_init = nn.with_partitioning(kernel_init, axes)
            bias_init = nn.with_partitioning(bias_init, axes[1:])
        return nn.Dense(
            size,
            use_bias=self.use_bias,
            dtype=dtype,
            param_dtype=self.param_dtype,
            kernel_init=kernel_init,
            bias_init=bias_init,
            name=name,
        )


class MLP(_FeedForward):
    r"""Feed-forward layer: dense, activation, dense.

    .. math:: y = W_o \, f(W_i x + b_i) + b_o

    Its layers are ``wi`` and ``wo``. What is said of memory and ``partitioning`` at :class:`GatedMLP` holds here too:
    the backward pass keeps one array of the hidden units' size, the input of the activation.

    Args:
      features, hidden, use_bias, kernel_init, bias_init, partitioning, dtype, param_dtype, remat: see
        :class:`GatedMLP`; there are biases by default.
      activation: name of an activation, or a function of an array.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: a size is not positive, or the input's last axis has not ``features`` entries.
      KeyError: there is no such activation.

    Examples:
      >>> import jaxact, jax
      >>> mlp = jaxact.linen.MLP(features=4, hidden=16, activation="mish")
      >>> jax.tree.map(jax.numpy.shape, mlp.init(jax.random.key(0), jax.numpy.zeros((2, 4)))["params"]["wi"])
      {'bias': (16,), 'kernel': (4, 16)}
    """

    activation: Function = "gelu"

    @nn.compact
    def __call__(self, x: ArrayLike) -> Array:
        """Apply the layer to ``x``."""
        return self._apply(x, ("wi",), _module.function(self.activation))


class GatedMLP(_FeedForward):
    r"""Gated feed-forward layer of current language models.

    .. math:: y = W_o \, g(W_a x, W_b x)

    with :math:`g` a gated activation. It has the layers ``wi_gate``, ``wi_value`` and ``wo``, each with a ``kernel`` of
    shape (inputs, outputs), and ``bias`` if there are any.

    The backward pass keeps the two arrays that ``g`` takes, and computes ``g`` again for the gradient of ``wo``, whose
    input would be a third.

    With ``partitioning=("embed", "mlp")`` the kernels carry those names for their axes, in that order on the way in and
    the other way round on the way out. They are names of mesh axes, or logical ones that rules translate; with
    ``(None, "model")`` the hidden units are split over ``model``, which takes one reduction per call. NNX splits the
    kernels when it makes them, so there ``jax.set_mesh`` must have set a mesh with such an axis.

    Args:
      features: size of the last axis of the input, and of the result.
      hidden: number of hidden units; with two thirds of a plain layer's, it has as many weights.
      use_bias: whether the layers have biases.
      kernel_init: initializer of the kernels.
      bias_init: initializer of the biases.
      partitioning: names of the axes of features and of hidden units; ``None`` attaches no metadata.
      dtype: what the input is converted to first, and computed in; ``None`` leaves it as it is.
      param_dtype: dtype of the parameters.
      remat: whether the backward pass computes the activation again; ``False`` keeps its result.
      gate: name of a gated activation, or a function of gate and value.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: there is no such gate, a size is not positive, or the input's last axis has not ``features`` entries.

    Examples:
      >>> import jaxact, jax
      >>> mlp = jaxact.linen.GatedMLP(features=4, hidden=8)
      >>> jax.tree.map(jax.numpy.shape, mlp.init(jax.random.key(0), jax.numpy.zeros((2, 4)))["params"])
      {'wi_gate': {'kernel': (4, 8)}, 'wi_value': {'kernel': (4, 8)}, 'wo': {'kernel': (8, 4)}}

    References:
      Shazeer, GLU variants improve transformer, 2020, arXiv:2002.05202.
    """

    use_bias: bool = False
    gate: Gate = "swiglu"

    @nn.compact
    def __call__(self, x: ArrayLike) -> Array:
        """Apply the layer to ``x``."""
        return self._apply(x, ("wi_gate", "wi_value"), _module.gate_function("GatedMLP", self.gate))


class Maxout(nn.Module):
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

    Returns:
      When called, an array of the shape and floating dtype of its input, but for the last axis, of size ``units``.

    Raises:
      ValueError: a size is not positive, or the input's last axis has not ``features`` entries.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.Maxout(features=4, units=3).init(jax.random.key(0), jax.numpy.zeros((2, 4)))
      >>> jax.tree.map(jax.numpy.shape, variables["params"])
      {'bias': (6,), 'kernel': (4, 6)}

    References:
      Goodfellow, Warde-Farley, Mirza, Courville and Bengio, Maxout networks, 2013, arXiv:1302.4389.
    """

    features: int
    units: int
    pieces: int = 2
    use_bias: bool = True
    kernel_init: Initializer = _module.KERNEL_INIT
    bias_init: Initializer = _module.BIAS_INIT
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32

    @nn.compact
    def __call__(self, x: ArrayLike) -> Array:
        """Apply the layer to ``x``."""
        _module.check_sizes("Maxout", features=self.features, units=self.units, pieces=self.pieces)
        x = _module.converted("linen.Maxout", x, self.dtype)
        _module.check_features("Maxout", x, self.features)
        size = self.units * self.pieces
        kernel = self.param("kernel", self.kernel_init, (self.features, size), self.param_dtype)
        bias = self.param("bias", self.bias_init, (size,), self.param_dtype) if self.use_bias else None
        return _module.maxout_layer(x, kernel, bias, self.pieces)


class MetaAcon(nn.Module):
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

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, there is no such axis, or a size is not positive.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.MetaAcon(features=4).init(jax.random.key(0), jax.numpy.zeros((2, 5, 4)))
      >>> jax.tree.map(jax.numpy.shape, variables["params"]["fc1"])
      {'bias': (16,), 'kernel': (4, 16)}

    References:
      Ma, Zhang, Liu and Sun, Activate or not: learning customized activation, 2020, arXiv:2009.04759.
    """

    features: int
    axis: int = -1
    reduction: int = 16
    p1_init: Initial = _module.NORMAL_INIT
    p2_init: Initial = _module.NORMAL_INIT
    kernel_init: Initializer = _module.KERNEL_INIT
    bias_init: Initializer = _module.BIAS_INIT
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32

    @nn.compact
    def __call__(self, x: ArrayLike) -> Array:
        """Apply the function to ``x``."""
        _module.check_sizes("MetaAcon", features=self.features, reduction=self.reduction)
        x = _module.converted("linen.MetaAcon", x, self.dtype)
        p1, p2 = (
            self.param(name, _module.initializer(f"MetaAcon: {name}_init", init), (self.features,), self.param_dtype)
            for name, init in (("p1", self.p1_init), ("p2", self.p2_init))
        )
        first = self._dense("fc1", max(self.reduction, self.features // self.reduction), x.dtype)
        second = self._dense("fc2", self.features, x.dtype)
        return _module.meta_acon("MetaAcon", x, p1, p2, lambda means: second(first(means)), self.axis)

    def _dense(self, name: str, size: int, dtype: DTypeLike) -> nn.Dense:
        return nn.Dense(
            size,
            dtype=dtype,
            param_dtype=self.param_dtype,
            kernel_init=self.kernel_init,
            bias_init=self.bias_init,
            name=name,
        )


def _drawn(module: RReLU | ProbAct, deterministic: bool | None, rng: Array | None) -> dict[str, Any]:
    """Key and ``deterministic`` of one call: the key that was given, or else the next one of the stream."""
    deterministic = module.deterministic if deterministic is None else deterministic
    if deterministic or rng is not None:
        return {"key": None if deterministic else rng, "deterministic": deterministic}
    stream = module.rng_collection
    try:
        return {"key": module.make_rng(stream), "deterministic": deterministic}
    except InvalidRngError:
        raise ValueError(
            f"{type(module).__name__}: the random stream {stream!r} is missing; "
            f"pass rngs={{{stream!r}: key}} to apply, or deterministic=True for evaluation"
        ) from None
