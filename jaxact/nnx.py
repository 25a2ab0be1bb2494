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
from jaxact._module import Initial

try:
    from flax import nnx
except ModuleNotFoundError as error:
    raise ImportError(_module.NO_FLAX) from error

__all__ = ["Learnable", "PReLU", "RReLU", "Sine", "Snake", "Swish"]


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
            key: Any = None
            if callable(initial[name]):
                if rngs is None:
                    raise ValueError(f"{argument} is a function and needs a random key; pass rngs=nnx.Rngs(seed)")
                key = rngs.params()
            init = _module.initializer(argument, initial[name])
            setattr(self, name, nnx.Param(init(key, _module.parameter_shape(module, default, features), param_dtype)))

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


class RReLU(nnx.Module):
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
        self.deterministic = deterministic
        self.rng_collection = rng_collection
        self.dtype = dtype
        stream = _stream(rngs, rng_collection)
        # Data even if there is none, so that one may be set later.
        self.rngs = nnx.data(None if stream is None else stream.fork())

    def set_view(self, deterministic: bool | None = None) -> None:
        """What ``nnx.view`` sets.

        Args:
          deterministic: whether to use the mean slope; ``None`` leaves it as it is.
        """
        if deterministic is not None:
            self.deterministic = deterministic

    def __call__(
        self, x: ArrayLike, deterministic: bool | None = None, rngs: nnx.Rngs | nnx.RngStream | Array | None = None
    ) -> Array:
        """Apply the function to ``x``, with a key of ``rngs`` if there is one."""
        deterministic = self.deterministic if deterministic is None else deterministic
        key = None if deterministic else _key(self, self.rng_collection, self.rngs if rngs is None else rngs)
        options = {"key": key, "lower": self.lower, "upper": self.upper, "deterministic": deterministic}
        return _module.call("RReLU", jaxact.spec("rrelu"), x, {}, options, None, -1, self.dtype)


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
