"""Activations with something to learn, or to draw, as Flax NNX modules.

Each class is named as in :mod:`jaxact.linen`, takes the same arguments, and has parameters of the same names and
shapes, so weights move from one to the other. What all learnable ones have in common is described at
:class:`Learnable`; the arguments of the others are described at their counterparts in :mod:`jaxact.linen`.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Mapping
from dataclasses import InitVar, field
from types import MappingProxyType
from typing import Any, ClassVar, dataclass_transform

import jax
import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike, DTypeLike

import jaxact
from jaxact import _module
from jaxact._module import Function, Gate, Initial, Initializer, Partitioning
from jaxact._rational import FITS

try:
    from flax import nnx
except ModuleNotFoundError as error:
    raise ImportError(_module.NO_FLAX) from error

# fmt: off
__all__ = [  # noqa: RUF022  names in capitals are not constants
    "APL", "AReLU", "AconC", "AptX", "Derf", "DyT", "ErfAct", "FINER", "GatedMLP", "HOSC", "Hermite", "Learnable",
    "MLP", "MPELU", "Maxout", "MetaAcon", "Mixture", "PELU", "PReLU", "PSerf", "PolyNorm", "PolyReLU", "PowLU",
    "ProbAct", "RReLU", "Rational", "SMU", "SReLU", "STAF", "SinLU", "Sine", "Snake", "SnakeBeta",
    "SoftExponential", "StarReLU", "Swish", "TLU", "XATLU", "XGELU", "XIELU", "XSiLU",
]
# fmt: on


@dataclass_transform(kw_only_default=True, field_specifiers=(field,))
class _Fields(nnx.Module):
    """Base that makes a dataclass of each subclass; ``InitVar`` marks what is not kept, as the initializers."""

    def __init_subclass__(cls, **arguments: Any):
        super().__init_subclass__(**arguments)
        dataclasses.dataclass(kw_only=True, eq=False, repr=False)(cls)
        _, *parameters = inspect.signature(cls.__init__).parameters.values()
        cls.__signature__ = inspect.Signature(parameters)  # that of NNX' metaclass tells nothing


class Learnable(_Fields):
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
      rngs: where initializers get their keys; numbers need none and draw none.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis`` or not a multiple of ``groups``, there is no such
        axis, an initial value does not fit, or an initializer has no ``rngs``.

    Examples:
      >>> import jaxact, jax
      >>> from dataclasses import InitVar
      >>> class Softplus(jaxact.nnx.Learnable):
      ...     record = jaxact.spec("softplus")
      ...     beta_init: InitVar[float] = 1.0
      >>> Softplus(features=3).beta[...]
      Array([1., 1., 1.], dtype=float32)
    """

    record: ClassVar[jaxact.Activation]
    shared: ClassVar[tuple[str, ...]] = ()  # parameters that all channels have in common in any case

    features: int | None = field(default=None, kw_only=False)
    groups: int | None = None
    axis: int = -1
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    rngs: InitVar[nnx.Rngs | None] = None

    def __post_init__(self, rngs: nnx.Rngs | None, *initial: Any):
        """Make the parameters."""
        kept = {f.name for f in dataclasses.fields(self)}
        names = [n for n in self.__dataclass_fields__ if n.endswith("_init") and n not in kept]
        given = dict(zip(names, initial, strict=True))
        for name, default in self.record.parameters.items():
            argument = f"{name}_init"
            value = given[argument] if argument in given else getattr(self, argument)
            shape = _module.parameter_shape(
                type(self).__name__, default, self.features, self.groups, name in self.shared
            )
            setattr(self, name, _param(f"{type(self).__name__}: {argument}", value, shape, self.param_dtype, rngs))

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the function to ``x``."""
        parameters = {name: getattr(self, name)[...] for name in self.record.parameters}
        options = {name: getattr(self, name) for name in self.record.options}
        return _module.call(type(self).__name__, self.record, x, parameters, options, self)


class PReLU(Learnable):
    """Parametric rectified linear unit, :func:`jaxact.prelu` with a learned negative slope.

    A float in first place is the initial slope, as in Flax, whose other arguments it takes too.
    """

    record = jaxact.spec("prelu")
    negative_slope_init: InitVar[Initial] = 0.25
    negative_slope_metadata: InitVar[Mapping[str, Any]] = MappingProxyType({})
    promote_dtype: Callable[..., tuple[Array, Array]] | None = None

    def __post_init__(self, rngs: nnx.Rngs | None, *initial: Any):
        """Make the parameter."""
        slope, metadata = initial
        if isinstance(self.features, float):
            self.features, slope = None, self.features
        super().__post_init__(rngs, slope)
        if metadata:
            self.negative_slope = nnx.Param(self.negative_slope[...], **metadata)

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the function to ``x``."""
        if self.promote_dtype is None:
            return super().__call__(x)
        x, slope = self.promote_dtype((x, self.negative_slope[...]), dtype=self.dtype)
        return _module.call("PReLU", self.record, x, {"negative_slope": slope}, {}, self)


class Swish(Learnable):
    """Swish, :func:`jaxact.swish` with a learned sharpness."""

    record = jaxact.spec("swish")
    beta_init: InitVar[Initial] = 1.0


class Sine(Learnable):
    """Sine, :func:`jaxact.sine` with a learned frequency."""

    record = jaxact.spec("sine")
    w0_init: InitVar[Initial] = 30.0


class Snake(Learnable):
    """Snake, :func:`jaxact.snake` with a learned frequency."""

    record = jaxact.spec("snake")
    alpha_init: InitVar[Initial] = 1.0


class SnakeBeta(Learnable):
    """Snake with frequency and height learned apart, :func:`jaxact.snake_beta`."""

    record = jaxact.spec("snake_beta")
    alpha_init: InitVar[Initial] = 0.0
    beta_init: InitVar[Initial] = 0.0


class SinLU(Learnable):
    """Sinu-sigmoidal linear unit, :func:`jaxact.sinlu` with a learned wave."""

    record = jaxact.spec("sinlu")
    a_init: InitVar[Initial] = 1.0
    b_init: InitVar[Initial] = 1.0


class FINER(Sine):
    """Sine of variable frequency, :func:`jaxact.finer` with a learned frequency near 0."""

    record = jaxact.spec("finer")


class HOSC(Learnable):
    """Hyperbolic oscillator, :func:`jaxact.hosc` with a learned sharpness and frequency."""

    record = jaxact.spec("hosc")
    beta_init: InitVar[Initial] = 1.0
    w0_init: InitVar[Initial] = 30.0


class STAF(Learnable):
    """Sum of sine waves, :func:`jaxact.staf` with learned heights, frequencies and phases."""

    record = jaxact.spec("staf")
    amplitudes_init: InitVar[Initial] = (0.6324555320336759,) * 5
    frequencies_init: InitVar[Initial] = (6.0, 12.0, 18.0, 24.0, 30.0)
    phases_init: InitVar[Initial] = (0.0,) * 5


class SReLU(Learnable):
    """S-shaped rectified linear unit, :func:`jaxact.srelu` with learned ends and outer slopes.

    The paper sets ``t_r`` to a quantile of the layer's first inputs, and keeps all four fixed for some epochs.
    """

    record = jaxact.spec("srelu")
    t_l_init: InitVar[Initial] = 0.0
    a_l_init: InitVar[Initial] = 0.2
    t_r_init: InitVar[Initial] = 1.0
    a_r_init: InitVar[Initial] = 1.0


class StarReLU(Learnable):
    """StarReLU, :func:`jaxact.star_relu` with a learned scale and shift.

    The authors' code starts from a scale of 1 and a shift of 0.
    """

    record = jaxact.spec("star_relu")
    s_init: InitVar[Initial] = 0.8944
    b_init: InitVar[Initial] = -0.4472


class AReLU(Learnable):
    """Attention-based rectified linear unit, :func:`jaxact.arelu` with learned slopes on both sides."""

    record = jaxact.spec("arelu")
    alpha_init: InitVar[Initial] = 0.9
    beta_init: InitVar[Initial] = 2.0


class APL(Learnable):
    """Adaptive piecewise linear unit, :func:`jaxact.apl` with learned hinges.

    The authors draw both at random: the slopes uniformly around 0, the hinges with standard deviation 1/2.
    """

    record = jaxact.spec("apl")
    slopes_init: InitVar[Initial] = (0.0, 0.0, 0.0, 0.0, 0.0)
    hinges_init: InitVar[Initial] = (-1.0, -0.5, 0.0, 0.5, 1.0)


class TLU(Learnable):
    """Thresholded linear unit, :func:`jaxact.tlu` with a learned threshold."""

    record = jaxact.spec("tlu")
    tau_init: InitVar[Initial] = 0.0


class AptX(Learnable):
    """APTx, :func:`jaxact.aptx` with a learned gate."""

    record = jaxact.spec("aptx")
    alpha_init: InitVar[Initial] = 1.0
    beta_init: InitVar[Initial] = 1.0
    gamma_init: InitVar[Initial] = 0.5


class AconC(Learnable):
    """ACON-C, :func:`jaxact.acon_c` with learned lines.

    The authors draw ``p1`` and ``p2`` from the standard normal distribution.
    """

    record = jaxact.spec("acon_c")
    p1_init: InitVar[Initial] = 1.0
    p2_init: InitVar[Initial] = 0.0
    beta_init: InitVar[Initial] = 1.0


class DyT(Learnable):
    """Dynamic tanh, :func:`jaxact.dyt` with learned parameters, in place of a normalization layer.

    All channels share ``alpha``; with ``features`` each has its own ``gamma`` and ``beta``.
    """

    record = jaxact.spec("dyt")
    shared = ("alpha",)
    alpha_init: InitVar[Initial] = 0.5
    gamma_init: InitVar[Initial] = 1.0
    beta_init: InitVar[Initial] = 0.0


class Derf(Learnable):
    """Dynamic error function, :func:`jaxact.derf` with learned parameters, in place of a normalization layer.

    All channels share ``alpha`` and ``s``; with ``features`` each has its own ``gamma`` and ``beta``.
    """

    record = jaxact.spec("derf")
    shared = ("alpha", "s")
    alpha_init: InitVar[Initial] = 0.5
    s_init: InitVar[Initial] = 0.0
    gamma_init: InitVar[Initial] = 1.0
    beta_init: InitVar[Initial] = 0.0


class ErfAct(Learnable):
    """ErfAct, :func:`jaxact.erf_act` with a learned gate."""

    record = jaxact.spec("erf_act")
    alpha_init: InitVar[Initial] = 0.75
    beta_init: InitVar[Initial] = 0.75


class MPELU(Learnable):
    """Multiple parametric exponential linear unit, :func:`jaxact.mpelu` with learned parameters."""

    record = jaxact.spec("mpelu")
    alpha_init: InitVar[Initial] = 1.0
    beta_init: InitVar[Initial] = 1.0


class PELU(Learnable):
    """Parametric exponential linear unit, :func:`jaxact.pelu` with learned parameters."""

    record = jaxact.spec("pelu")
    alpha_init: InitVar[Initial] = 1.0
    beta_init: InitVar[Initial] = 1.0


class PowLU(Learnable):
    """Power linear unit, :func:`jaxact.powlu` with a learned power."""

    record = jaxact.spec("powlu")
    m_init: InitVar[Initial] = 3.0


class PSerf(Learnable):
    """Pserf, :func:`jaxact.pserf` with a learned gate."""

    record = jaxact.spec("pserf")
    gamma_init: InitVar[Initial] = 1.25
    delta_init: InitVar[Initial] = 0.85


class SMU(Learnable):
    """Smooth maximum unit, :func:`jaxact.smu` with a learned bend."""

    record = jaxact.spec("smu")
    alpha_init: InitVar[Initial] = 0.01
    mu_init: InitVar[Initial] = 2.5


class SoftExponential(Learnable):
    """Soft exponential, :func:`jaxact.soft_exponential` with a learned parameter."""

    record = jaxact.spec("soft_exponential")
    alpha_init: InitVar[Initial] = 0.0


class XIELU(Learnable):
    """Expanded integral of the exponential linear unit, :func:`jaxact.xielu` with learned parameters.

    Its parameters have the names and the meaning of those in Transformers, so checkpoints load; there ``beta`` is fixed
    at 1/2.
    """

    record = jaxact.spec("xielu")
    alpha_p_init: InitVar[Initial] = 0.20338232081102456
    alpha_n_init: InitVar[Initial] = -1.0502256128148466
    beta_init: InitVar[Initial] = 0.5


class XATLU(Learnable):
    """Expanded arctan linear unit, :func:`jaxact.xatlu` with a learned range of its gate."""

    record = jaxact.spec("xatlu")
    alpha_init: InitVar[Initial] = 0.0


class XGELU(Learnable):
    """Expanded GELU, :func:`jaxact.xgelu` with a learned range of its gate."""

    record = jaxact.spec("xgelu")
    alpha_init: InitVar[Initial] = 0.0


class XSiLU(Learnable):
    """Expanded SiLU, :func:`jaxact.xsilu` with a learned range of its gate."""

    record = jaxact.spec("xsilu")
    alpha_init: InitVar[Initial] = 0.0


class Hermite(Learnable):
    """Sum of Hermite polynomials, :func:`jaxact.hermite` with learned coefficients.

    It starts as the expansion of the rectifier.
    """

    record = jaxact.spec("hermite")
    coefficients_init: InitVar[Initial] = (0.3989422804014327, 0.5, 0.28209479177387814, 0.0, -0.08143375198381998)


class PolyReLU(Learnable):
    """Polynomial in the rectifier, :func:`jaxact.poly_relu` with learned coefficients."""

    record = jaxact.spec("poly_relu")
    weights_init: InitVar[Initial] = (1 / 3, 1 / 3, 1 / 3)
    bias_init: InitVar[Initial] = 0.0


class PolyNorm(Learnable):
    """Sum of normalised powers, :func:`jaxact.poly_norm` with learned coefficients."""

    record = jaxact.spec("poly_norm")
    weights_init: InitVar[Initial] = (1 / 3, 1 / 3, 1 / 3)
    bias_init: InitVar[Initial] = 0.0
    eps: float = 1e-6


class Rational(Learnable):
    """Quotient of polynomials, :func:`jaxact.rational` with learned coefficients.

    It starts as the best fit of the leaky rectifier on [-3, 3], or of the activation that ``approximate`` names, and
    never has a pole.
    """

    record = jaxact.spec("rational")
    numerator_init: InitVar[Initial] = FITS["leaky_relu"][0]
    denominator_init: InitVar[Initial] = FITS["leaky_relu"][1]
    approximate: str | None = None

    def __post_init__(self, rngs: nnx.Rngs | None, *initial: Any):
        """Start as the named activation, if there is one."""
        if self.approximate is not None:
            initial = _module.fitted("Rational", self.approximate)
        super().__post_init__(rngs, *initial)


_Rngs = nnx.Rngs | nnx.RngStream | Array | None


class _Stochastic(_Fields):
    """What modules that draw have in common: whether they do, and a stream of their own, taken from ``rngs``."""

    deterministic: bool = False
    rng_collection: str = "activation"
    dtype: DTypeLike | None = None
    rngs: nnx.Rngs | None = None

    def __post_init__(self):
        stream = _stream(self.rngs, self.rng_collection)
        # Data even if there is none, so that one may be set later.
        self.rngs = nnx.data(None if stream is None else stream.fork())  # type: ignore[assignment]  a stream now

    def set_view(self, deterministic: bool | None = None) -> None:
        """What ``nnx.view`` sets.

        Args:
          deterministic: whether to use the mean; ``None`` leaves it as it is.
        """
        if deterministic is not None:
            self.deterministic = deterministic

    def _drawn(self, deterministic: bool | None, rngs: _Rngs) -> dict[str, Any]:
        """Key and ``deterministic`` of one call."""
        deterministic = self.deterministic if deterministic is None else deterministic
        key = None if deterministic else _key(self, self.rng_collection, self.rngs if rngs is None else rngs)
        return {"key": key, "deterministic": deterministic}


class RReLU(_Stochastic):
    """Randomized leaky rectified linear unit, :func:`jaxact.rrelu` with keys from a random stream.

    See :class:`jaxact.linen.RReLU`. ``train()`` and ``eval()`` of the model set ``deterministic``; the stream is taken
    from ``rngs``, and advances by itself from there.
    """

    lower: float = field(default=1 / 8, kw_only=False)
    upper: float = field(default=1 / 3, kw_only=False)

    def __call__(self, x: ArrayLike, deterministic: bool | None = None, rngs: _Rngs = None) -> Array:
        """Apply the function to ``x``, with a key of ``rngs`` if there is one."""
        options = {**self._drawn(deterministic, rngs), "lower": self.lower, "upper": self.upper}
        return _module.call("RReLU", jaxact.spec("rrelu"), x, {}, options, self)


class ProbAct(_Stochastic):
    """ProbAct, :func:`jaxact.prob_act` with a learned standard deviation and keys from a random stream.

    See :class:`jaxact.linen.ProbAct`. ``train()`` and ``eval()`` of the model set ``deterministic``; the stream is
    taken from ``rngs``, and advances by itself from there.
    """

    features: int | None = field(default=None, kw_only=False)
    axis: int = -1
    sigma_init: InitVar[Initial] = 0.0
    param_dtype: DTypeLike = jnp.float32

    def __post_init__(self, sigma_init: Initial):
        """Make the parameter, and take a stream."""
        shape = _module.parameter_shape("ProbAct", 0.0, self.features)
        self.sigma = _param("ProbAct: sigma_init", sigma_init, shape, self.param_dtype, self.rngs)
        super().__post_init__()

    def __call__(self, x: ArrayLike, deterministic: bool | None = None, rngs: _Rngs = None) -> Array:
        """Apply the function to ``x``, with a key of ``rngs`` if there is one."""
        parameters, options = {"sigma": self.sigma[...]}, self._drawn(deterministic, rngs)
        return _module.call("ProbAct", jaxact.spec("prob_act"), x, parameters, options, self)


class Mixture(_Fields):
    """Mixture, a learned convex combination of activations.

    See :class:`jaxact.linen.Mixture`.
    """

    names: tuple[str, ...] = field(kw_only=False)
    features: int | None = field(default=None, kw_only=False)
    axis: int = -1
    weights_init: InitVar[Initial] = 0.0
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    rngs: InitVar[nnx.Rngs | None] = None

    def __post_init__(self, weights_init: Initial, rngs: nnx.Rngs | None):
        """Make the weights."""
        self.functions = _module.mixed("Mixture", self.names)
        self.names = tuple(self.names)
        shape = _module.parameter_shape("Mixture", (0.0,) * len(self.names), self.features)
        self.weights = _param("Mixture: weights_init", weights_init, shape, self.param_dtype, rngs)

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the mixture to ``x``."""
        x = _module.converted("nnx.Mixture", x, self.dtype)
        weights = _module.aligned("Mixture", x, [self.weights[...]], self.features, self.axis)
        return _module.mixture(self.functions, x, *weights)


class _FeedForward(_Fields):
    """What the feed-forward layers have in common: layers into hidden units, a function of them, and ``wo``."""

    layers: ClassVar[tuple[str, ...]]

    features: int = field(kw_only=False)
    hidden: int = field(kw_only=False)
    use_bias: bool = True
    kernel_init: InitVar[Initializer] = _module.KERNEL_INIT
    bias_init: InitVar[Initializer] = _module.BIAS_INIT
    partitioning: Partitioning | None = None
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    remat: bool = True
    rngs: InitVar[nnx.Rngs]

    def __post_init__(self, kernel_init: Initializer, bias_init: Initializer, rngs: nnx.Rngs):
        """Make the layers."""
        _module.check_sizes(type(self).__name__, features=self.features, hidden=self.hidden)
        self._function()

        def linear(inputs: int, outputs: int, axes: Partitioning) -> nnx.Linear:
            partitioned = self.partitioning is not None
            return _linear(
                inputs,
                outputs,
                nnx.with_partitioning(kernel_init, axes) if partitioned else kernel_init,
                nnx.with_partitioning(bias_init, axes[1:]) if partitioned else bias_init,
                self.param_dtype,
                rngs,
                self.use_bias,
            )

        embed, mlp = self.partitioning or (None, None)
        for name in self.layers:
            setattr(self, name, linear(self.features, self.hidden, (embed, mlp)))
        self.wo = linear(self.hidden, self.features, (mlp, embed))

    def _function(self) -> Callable[..., Array]:
        raise NotImplementedError

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the layer to ``x``."""
        module, activation = type(self).__name__, self._function()
        x = _module.converted(f"nnx.{module}", x, self.dtype)
        _module.check_features(module, x, self.features)
        units = [getattr(self, name)(x) for name in self.layers]

        def out(*units: Array) -> Array:
            return self.wo(activation(*units))

        # nnx.remat would write the parameters back, which is refused where jax.jit or jax.grad closes over the module.
        return (jax.checkpoint(out) if self.remat else out)(*units)


class MLP(_FeedForward):
    """Feed-forward layer: dense, activation, dense.

    See :class:`jaxact.linen.MLP`; the initializers get their keys from ``rngs``.
    """

    layers = ("wi",)
    activation: Function = "gelu"

    def _function(self) -> Callable[..., Array]:
        return _module.function(self.activation)


class GatedMLP(_FeedForward):
    """Gated feed-forward layer of current language models.

    See :class:`jaxact.linen.GatedMLP`; the initializers get their keys from ``rngs``.
    """

    layers = ("wi_gate", "wi_value")
    use_bias: bool = False
    gate: Gate = "swiglu"

    def _function(self) -> Callable[..., Array]:
        return _module.gate_function("GatedMLP", self.gate)


class Maxout(_Fields):
    """Maxout layer: each result is the largest of some affine functions of the input.

    See :class:`jaxact.linen.Maxout`; the initializers get their keys from ``rngs``.
    """

    features: int = field(kw_only=False)
    units: int = field(kw_only=False)
    pieces: int = 2
    use_bias: bool = True
    kernel_init: InitVar[Initializer] = _module.KERNEL_INIT
    bias_init: InitVar[Initializer] = _module.BIAS_INIT
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    rngs: InitVar[nnx.Rngs]

    def __post_init__(self, kernel_init: Initializer, bias_init: Initializer, rngs: nnx.Rngs):
        """Make the parameters."""
        _module.check_sizes("Maxout", features=self.features, units=self.units, pieces=self.pieces)
        size = self.units * self.pieces
        self.kernel = nnx.Param(kernel_init(rngs.params(), (self.features, size), self.param_dtype))
        bias = nnx.Param(bias_init(rngs.params(), (size,), self.param_dtype)) if self.use_bias else None
        self.bias = nnx.data(bias)

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the layer to ``x``."""
        x = _module.converted("nnx.Maxout", x, self.dtype)
        _module.check_features("Maxout", x, self.features)
        bias = None if self.bias is None else self.bias[...]
        return _module.maxout_layer(x, self.kernel[...], bias, self.pieces)


class MetaAcon(_Fields):
    """Meta-ACON: :func:`jaxact.acon_c` whose sharpness a small network makes of the input, for each channel.

    See :class:`jaxact.linen.MetaAcon`; the initializers get their keys from ``rngs``.
    """

    features: int = field(kw_only=False)
    axis: int = -1
    reduction: int = 16
    p1_init: InitVar[Initial] = _module.NORMAL_INIT
    p2_init: InitVar[Initial] = _module.NORMAL_INIT
    kernel_init: InitVar[Initializer] = _module.KERNEL_INIT
    bias_init: InitVar[Initializer] = _module.BIAS_INIT
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32
    rngs: InitVar[nnx.Rngs]

    def __post_init__(
        self, p1_init: Initial, p2_init: Initial, kernel_init: Initializer, bias_init: Initializer, rngs: nnx.Rngs
    ):
        """Make the parameters."""
        features, dtype = self.features, self.param_dtype
        _module.check_sizes("MetaAcon", features=features, reduction=self.reduction)
        self.p1 = _param("MetaAcon: p1_init", p1_init, (features,), dtype, rngs)
        self.p2 = _param("MetaAcon: p2_init", p2_init, (features,), dtype, rngs)
        hidden = max(self.reduction, features // self.reduction)
        self.fc1 = _linear(features, hidden, kernel_init, bias_init, dtype, rngs)
        self.fc2 = _linear(hidden, features, kernel_init, bias_init, dtype, rngs)

    def __call__(self, x: ArrayLike) -> Array:
        """Apply the function to ``x``."""
        x = _module.converted("nnx.MetaAcon", x, self.dtype)
        p1, p2 = self.p1[...], self.p2[...]
        return _module.meta_acon("MetaAcon", x, p1, p2, lambda means: self.fc2(self.fc1(means)), self.axis)


def _linear(
    inputs: int,
    outputs: int,
    kernel_init: Initializer,
    bias_init: Initializer,
    dtype: DTypeLike,
    rngs: nnx.Rngs,
    use_bias: bool = True,
) -> nnx.Linear:
    return nnx.Linear(
        inputs,
        outputs,
        use_bias=use_bias,
        param_dtype=dtype,
        kernel_init=kernel_init,
        bias_init=bias_init,
        promote_dtype=_module.like_the_first,
        rngs=rngs,
    )


def _param(
    argument: str, initial: Initial, shape: tuple[int, ...], dtype: DTypeLike, rngs: nnx.Rngs | None
) -> nnx.Param:
    key: Any = None
    if callable(initial):
        if rngs is None:
            raise ValueError(f"{argument} is a function and needs a random key; pass rngs=nnx.Rngs(seed)")
        key = rngs.params()
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
