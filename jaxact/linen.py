"""Activations with something to learn, or to draw, as Flax linen modules.

Each class is named as in :mod:`jaxact.nnx`, takes the same arguments, and has parameters of the same names and shapes,
so weights move from one to the other.
"""

from __future__ import annotations

from typing import ClassVar

import jax.numpy as jnp
from jax import Array
from jax.typing import ArrayLike, DTypeLike

import jaxact
from jaxact import _module
from jaxact._module import Gate, Initial, Initializer, Partitioning
from jaxact._rational import FITS

try:
    import flax.linen as nn
    from flax.errors import InvalidRngError
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


class Learnable(nn.Module):
    r"""Base of the modules that learn the parameters of a function.

    .. math:: y = f(x; \theta)

    A subclass names the function's record, and has a field ``<parameter>_init`` for each of the function's parameters
    and a field for each of its options. The result has the dtype of the input, whatever that of the parameters.

    Args:
      features: ``None`` for parameters that all channels share, else the number of channels, and each has its own.
      axis: where the channels are in the input.
      dtype: what the input is converted to first; ``None`` leaves it as it is.
      param_dtype: dtype of the parameters.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, or there is no such axis.

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
            features = None if name in self.shared else self.features
            shape = _module.parameter_shape(module, default, features)
            parameters[name] = self.param(name, init, shape, self.param_dtype)
        options = {name: getattr(self, name) for name in self.record.options}
        return _module.call(module, self.record, x, parameters, options, self.features, self.axis, self.dtype)


class PReLU(Learnable):
    r"""Parametric rectified linear unit, :func:`jaxact.prelu` with a learned negative slope.

    .. math:: y = \begin{cases} x & x \ge 0 \\ a x & x < 0 \end{cases}

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      negative_slope_init: initial :math:`a`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.PReLU(features=2).init(jax.random.key(0), jax.numpy.zeros((4, 2)))
      {'params': {'negative_slope': Array([0.25, 0.25], dtype=float32)}}

    References:
      He, Zhang, Ren and Sun, Delving deep into rectifiers, 2015, arXiv:1502.01852.
    """

    record = jaxact.spec("prelu")
    negative_slope_init: Initial = 0.25


class Swish(Learnable):
    r"""Swish, :func:`jaxact.swish` with a learned sharpness.

    .. math:: y = x \, \sigma(\beta x)

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      beta_init: initial :math:`\beta`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.Swish().init(jax.random.key(0), jax.numpy.zeros(3))
      {'params': {'beta': Array(1., dtype=float32)}}

    References:
      Ramachandran, Zoph and Le, Searching for activation functions, 2017, arXiv:1710.05941.
    """

    record = jaxact.spec("swish")
    beta_init: Initial = 1.0


class Sine(Learnable):
    r"""Sine, :func:`jaxact.sine` with a learned frequency.

    .. math:: y = \sin(\omega_0 x)

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      w0_init: initial :math:`\omega_0`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.Sine().init(jax.random.key(0), jax.numpy.zeros(3))
      {'params': {'w0': Array(30., dtype=float32)}}

    References:
      Sitzmann, Martel, Bergman, Lindell and Wetzstein, Implicit neural representations with periodic activation
      functions, 2020, arXiv:2006.09661.
    """

    record = jaxact.spec("sine")
    w0_init: Initial = 30.0


class Snake(Learnable):
    r"""Snake, :func:`jaxact.snake` with a learned frequency.

    .. math:: y = x + \frac{\sin^2(\alpha x)}{\alpha}

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.Snake(features=2).init(jax.random.key(0), jax.numpy.zeros((4, 2)))
      {'params': {'alpha': Array([1., 1.], dtype=float32)}}

    References:
      Liu, Hartwig and Ueda, Neural networks fail to learn periodic functions and how to fix it, 2020, arXiv:2006.08195.
    """

    record = jaxact.spec("snake")
    alpha_init: Initial = 1.0


class SnakeBeta(Learnable):
    r"""Snake with frequency and height learned apart, :func:`jaxact.snake_beta`.

    .. math:: y = x + \frac{\sin^2(e^\alpha x)}{e^\beta}

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.SnakeBeta().init(jax.random.key(0), jax.numpy.zeros(3))
      {'params': {'alpha': Array(0., dtype=float32), 'beta': Array(0., dtype=float32)}}

    References:
      Lee, Ping, Ginsburg, Catanzaro and Yoon, BigVGAN: a universal neural vocoder with large-scale training, 2022,
      arXiv:2206.04658, and its authors' code, ``activations.py`` of github.com/NVIDIA/BigVGAN.
    """

    record = jaxact.spec("snake_beta")
    alpha_init: Initial = 0.0
    beta_init: Initial = 0.0


class SinLU(Learnable):
    r"""Sinu-sigmoidal linear unit, :func:`jaxact.sinlu` with a learned wave.

    .. math:: y = (x + a \sin(b x)) \, \sigma(x)

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      a_init: initial :math:`a`, a number or an initializer.
      b_init: initial :math:`b`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.SinLU().init(jax.random.key(0), jax.numpy.zeros(3))
      {'params': {'a': Array(1., dtype=float32), 'b': Array(1., dtype=float32)}}

    References:
      Paul, Bandyopadhyay, Yoon, Geem and Sarkar, SinLU: sinu-sigmoidal linear unit, Mathematics 10 (3), 2022.
    """

    record = jaxact.spec("sinlu")
    a_init: Initial = 1.0
    b_init: Initial = 1.0


class SReLU(Learnable):
    r"""S-shaped rectified linear unit, :func:`jaxact.srelu` with learned ends and outer slopes.

    .. math::
        y = \begin{cases}
        t_r + a_r (x - t_r) & x \ge t_r \\ x & t_l < x < t_r \\ t_l + a_l (x - t_l) & x \le t_l
        \end{cases}

    The paper sets :math:`t_r` to a quantile of the layer's first inputs, and keeps all four fixed for some epochs.

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      t_l_init: initial end of the left piece, a number or an initializer.
      a_l_init: initial slope of the left piece.
      t_r_init: initial start of the right piece.
      a_r_init: initial slope of the right piece.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.SReLU().init(jax.random.key(0), jax.numpy.zeros(3))['params']['a_l']
      Array(0.2, dtype=float32)

    References:
      Jin et al., Deep learning with S-shaped rectified linear activation units, 2015, arXiv:1512.07030.
    """

    record = jaxact.spec("srelu")
    t_l_init: Initial = 0.0
    a_l_init: Initial = 0.2
    t_r_init: Initial = 1.0
    a_r_init: Initial = 1.0


class StarReLU(Learnable):
    r"""StarReLU, :func:`jaxact.star_relu` with a learned scale and shift.

    .. math:: y = s \max(x, 0)^2 + b

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      s_init: initial scale, a number or an initializer; the authors' code has 1.
      b_init: initial shift, a number or an initializer; the authors' code has 0.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.StarReLU(s_init=1.0, b_init=0.0).init(jax.random.key(0), jax.numpy.zeros(3))
      {'params': {'s': Array(1., dtype=float32), 'b': Array(0., dtype=float32)}}

    References:
      Yu et al., MetaFormer baselines for vision, 2022, arXiv:2210.13452.
    """

    record = jaxact.spec("star_relu")
    s_init: Initial = 0.8944
    b_init: Initial = -0.4472


class AReLU(Learnable):
    r"""Attention-based rectified linear unit, :func:`jaxact.arelu` with learned slopes on both sides.

    .. math::
        y = \begin{cases} (1 + \sigma(\beta)) \, x & x \ge 0 \\ \min(\max(\alpha, 0.01), 0.99) \, x & x < 0 \end{cases}

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.AReLU().init(jax.random.key(0), jax.numpy.zeros(3))
      {'params': {'alpha': Array(0.9, dtype=float32), 'beta': Array(2., dtype=float32)}}

    References:
      Chen, Li and Xu, AReLU: attention-based rectified linear unit, 2020, arXiv:2006.13858.
    """

    record = jaxact.spec("arelu")
    alpha_init: Initial = 0.9
    beta_init: Initial = 2.0


class APL(Learnable):
    r"""Adaptive piecewise linear unit, :func:`jaxact.apl` with learned hinges.

    .. math:: y = \max(x, 0) + \sum_{s=1}^{S} a_s \max(b_s - x, 0)

    With the defaults it starts as the rectifier. The authors draw both at random: the slopes evenly about 0, the hinges
    with standard deviation 1/2.

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      slopes_init: initial :math:`a_s`, a number, one for each hinge, or an initializer.
      hinges_init: initial :math:`b_s`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> from flax import linen as nn
      >>> apl = jaxact.linen.APL(features=4, hinges_init=nn.initializers.normal(0.5))
      >>> apl.init(jax.random.key(0), jax.numpy.zeros(4))['params']['hinges'].shape
      (5, 4)

    References:
      Agostinelli, Hoffman, Sadowski and Baldi, Learning activation functions to improve deep neural networks, 2014,
      arXiv:1412.6830.
    """

    record = jaxact.spec("apl")
    slopes_init: Initial = (0.0, 0.0, 0.0, 0.0, 0.0)
    hinges_init: Initial = (-1.0, -0.5, 0.0, 0.5, 1.0)


class TLU(Learnable):
    r"""Thresholded linear unit, :func:`jaxact.tlu` with a learned threshold.

    .. math:: y = \max(x, \tau)

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      tau_init: initial :math:`\tau`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> jaxact.linen.TLU(features=2).init(jax.random.key(0), jax.numpy.zeros((4, 2)))
      {'params': {'tau': Array([0., 0.], dtype=float32)}}

    References:
      Singh and Krishnan, Filter response normalization layer, 2019, arXiv:1911.09737.
    """

    record = jaxact.spec("tlu")
    tau_init: Initial = 0.0


class AptX(Learnable):
    r"""APTx, :func:`jaxact.aptx` with a learned gate.

    .. math:: y = (\alpha + \tanh(\beta x)) \, \gamma x

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.
      gamma_init: initial :math:`\gamma`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.AptX().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["alpha"]
      Array(1., dtype=float32)

    References:
      Kumar, APTx: better activation function than MISH, SWISH, and ReLU's variants used in deep learning, 2022,
      arXiv:2209.06119.
    """

    record = jaxact.spec("aptx")
    alpha_init: Initial = 1.0
    beta_init: Initial = 1.0
    gamma_init: Initial = 0.5


class AconC(Learnable):
    r"""ACON-C, :func:`jaxact.acon_c` with learned lines.

    .. math:: y = (p_1 - p_2) x \, \sigma(\beta (p_1 - p_2) x) + p_2 x

    The authors draw :math:`p_1` and :math:`p_2` from the standard normal distribution, which is an initializer away.

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      p1_init: initial :math:`p_1`, a number or an initializer.
      p2_init: initial :math:`p_2`, likewise.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.AconC().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["p1"]
      Array(1., dtype=float32)

    References:
      Ma, Zhang, Liu and Sun, Activate or not: learning customized activation, 2020, arXiv:2009.04759.
    """

    record = jaxact.spec("acon_c")
    p1_init: Initial = 1.0
    p2_init: Initial = 0.0
    beta_init: Initial = 1.0


class DyT(Learnable):
    r"""Dynamic tanh, :func:`jaxact.dyt` with learned parameters, in place of a normalization layer.

    .. math:: y = \gamma \tanh(\alpha x) + \beta

    All channels share :math:`\alpha`; with ``features`` each has its own :math:`\gamma` and :math:`\beta`.

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      gamma_init: initial :math:`\gamma`, likewise.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.DyT(features=2).init(jax.random.key(0), jax.numpy.zeros((4, 2)))
      >>> variables["params"]["alpha"], variables["params"]["gamma"]
      (Array(0.5, dtype=float32), Array([1., 1.], dtype=float32))

    References:
      Zhu, Chen, He, LeCun and Liu, Transformers without normalization, 2025, arXiv:2503.10622.
    """

    record = jaxact.spec("dyt")
    shared = ("alpha",)
    alpha_init: Initial = 0.5
    gamma_init: Initial = 1.0
    beta_init: Initial = 0.0


class Derf(Learnable):
    r"""Dynamic error function, :func:`jaxact.derf` with learned parameters, in place of a normalization layer.

    .. math:: y = \gamma \, \mathrm{erf}(\alpha x + s) + \beta

    All channels share :math:`\alpha` and :math:`s`; with ``features`` each has its own :math:`\gamma` and
    :math:`\beta`.

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      s_init: initial :math:`s`, likewise.
      gamma_init: initial :math:`\gamma`, likewise.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.Derf(features=2).init(jax.random.key(0), jax.numpy.zeros((4, 2)))
      >>> variables["params"]["alpha"], variables["params"]["gamma"]
      (Array(0.5, dtype=float32), Array([1., 1.], dtype=float32))

    References:
      Chen, Lu, Zhu, Sun and Liu, Stronger normalization-free transformers, 2025, arXiv:2512.10938.
    """

    record = jaxact.spec("derf")
    shared = ("alpha", "s")
    alpha_init: Initial = 0.5
    s_init: Initial = 0.0
    gamma_init: Initial = 1.0
    beta_init: Initial = 0.0


class ErfAct(Learnable):
    r"""ErfAct, :func:`jaxact.erf_act` with a learned gate.

    .. math:: y = x \, \mathrm{erf}(\alpha e^{\beta x})

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.ErfAct().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["alpha"]
      Array(0.75, dtype=float32)

    References:
      Biswas, Kumar, Banerjee and Pandey, ErfAct and Pserf: non-monotonic smooth trainable activation functions, 2021,
      arXiv:2109.04386.
    """

    record = jaxact.spec("erf_act")
    alpha_init: Initial = 0.75
    beta_init: Initial = 0.75


class MPELU(Learnable):
    r"""Multiple parametric exponential linear unit, :func:`jaxact.mpelu` with learned parameters.

    .. math:: y = \begin{cases} x & x > 0 \\ \alpha (e^{\beta x} - 1) & x \le 0 \end{cases}

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.MPELU().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["alpha"]
      Array(1., dtype=float32)

    References:
      Li, Fan, Li, Wu and Ming, Improving deep neural network with multiple parametric exponential linear units, 2016,
      arXiv:1606.00305.
    """

    record = jaxact.spec("mpelu")
    alpha_init: Initial = 1.0
    beta_init: Initial = 1.0


class PELU(Learnable):
    r"""Parametric exponential linear unit, :func:`jaxact.pelu` with learned parameters.

    .. math:: y = \begin{cases} \alpha x / \beta & x \ge 0 \\ \alpha (e^{x / \beta} - 1) & x < 0 \end{cases}

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.PELU().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["alpha"]
      Array(1., dtype=float32)

    References:
      Trottier, Giguère and Chaib-draa, Parametric exponential linear unit for deep convolutional neural networks, 2016,
      arXiv:1605.09332.
    """

    record = jaxact.spec("pelu")
    alpha_init: Initial = 1.0
    beta_init: Initial = 1.0


class PSerf(Learnable):
    r"""Pserf, :func:`jaxact.pserf` with a learned gate.

    .. math:: y = x \, \mathrm{erf}(\gamma \log(1 + e^{\delta x}))

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      gamma_init: initial :math:`\gamma`, a number or an initializer.
      delta_init: initial :math:`\delta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.PSerf().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["gamma"]
      Array(1.25, dtype=float32)

    References:
      Biswas, Kumar, Banerjee and Pandey, ErfAct and Pserf: non-monotonic smooth trainable activation functions, 2021,
      arXiv:2109.04386.
    """

    record = jaxact.spec("pserf")
    gamma_init: Initial = 1.25
    delta_init: Initial = 0.85


class SMU(Learnable):
    r"""Smooth maximum unit, :func:`jaxact.smu` with a learned bend.

    .. math:: y = \frac{(1 + \alpha) x + (1 - \alpha) x \, \mathrm{erf}(\mu (1 - \alpha) x)}{2}

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.
      mu_init: initial :math:`\mu`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.SMU().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["alpha"]
      Array(0.01, dtype=float32)

    References:
      Biswas, Kumar, Banerjee and Pandey, SMU: smooth activation function for deep networks using smoothing maximum
      technique, 2021, arXiv:2111.04682.
    """

    record = jaxact.spec("smu")
    alpha_init: Initial = 0.01
    mu_init: Initial = 2.5


class SoftExponential(Learnable):
    r"""Soft exponential, :func:`jaxact.soft_exponential` with a learned parameter.

    .. math::
        y = \begin{cases}
        -\log(1 - \alpha (x + \alpha)) / \alpha & \alpha < 0 \\
        x & \alpha = 0 \\
        (e^{\alpha x} - 1) / \alpha + \alpha & \alpha > 0
        \end{cases}

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.SoftExponential().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["alpha"]
      Array(0., dtype=float32)

    References:
      Godfrey and Gashler, A continuum among logarithmic, linear, and exponential functions, and its potential to
      improve generalization in neural networks, 2016, arXiv:1602.01321.
    """

    record = jaxact.spec("soft_exponential")
    alpha_init: Initial = 0.0


class XIELU(Learnable):
    r"""Expanded integral of the exponential linear unit, :func:`jaxact.xielu` with learned parameters.

    .. math:: y = \beta x + \begin{cases} a_p x^2 & x > 0 \\ a_n (e^x - 1 - x) & x \le 0 \end{cases}

    with :math:`a_p = \log(1 + e^{\alpha_p})` and :math:`a_n = \beta + \log(1 + e^{\alpha_n})`. The leaves are named,
    and mean, what the authors' do and those of Transformers, so checkpoints load; theirs leave :math:`\beta` at 1/2.

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_p_init: initial :math:`\alpha_p`, a number or an initializer.
      alpha_n_init: initial :math:`\alpha_n`, likewise.
      beta_init: initial :math:`\beta`, likewise.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.XIELU().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["alpha_p"]
      Array(0.20338233, dtype=float32)

    References:
      Huang and Schlag, Deriving activation functions using integration, 2024, arXiv:2411.13010.
    """

    record = jaxact.spec("xielu")
    alpha_p_init: Initial = 0.20338232081102456
    alpha_n_init: Initial = -1.0502256128148466
    beta_init: Initial = 0.5


class XATLU(Learnable):
    r"""Expanded arctan linear unit, :func:`jaxact.xatlu` with a learned range of its gate.

    .. math:: y = x \, (g(x) (1 + 2 \alpha) - \alpha), \quad g(x) = \tfrac{1}{2} + \arctan(x) / \pi

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.XATLU(features=2).init(jax.random.key(0), jax.numpy.zeros(2))
      >>> variables
      {'params': {'alpha': Array([0., 0.], dtype=float32)}}

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """

    record = jaxact.spec("xatlu")
    alpha_init: Initial = 0.0


class XGELU(Learnable):
    r"""Expanded GELU, :func:`jaxact.xgelu` with a learned range of its gate.

    .. math:: y = x \, (g(x) (1 + 2 \alpha) - \alpha), \quad g(x) = \Phi(x)

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.XGELU(features=2).init(jax.random.key(0), jax.numpy.zeros(2))
      >>> variables
      {'params': {'alpha': Array([0., 0.], dtype=float32)}}

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """

    record = jaxact.spec("xgelu")
    alpha_init: Initial = 0.0


class XSiLU(Learnable):
    r"""Expanded SiLU, :func:`jaxact.xsilu` with a learned range of its gate.

    .. math:: y = x \, (g(x) (1 + 2 \alpha) - \alpha), \quad g(x) = \sigma(x)

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      alpha_init: initial :math:`\alpha`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.XSiLU(features=2).init(jax.random.key(0), jax.numpy.zeros(2))
      >>> variables
      {'params': {'alpha': Array([0., 0.], dtype=float32)}}

    References:
      Huang, Expanded gating ranges improve activation functions, 2024, arXiv:2405.20768.
    """

    record = jaxact.spec("xsilu")
    alpha_init: Initial = 0.0


class Hermite(Learnable):
    r"""Sum of Hermite polynomials, :func:`jaxact.hermite` with learned coefficients.

    .. math:: y = \sum_{n=0}^{4} c_n \frac{\mathrm{He}_n(x)}{\sqrt{n!}}

    It starts as the expansion of the rectifier.

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      coefficients_init: initial :math:`c_n`, a number, one for each polynomial, or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.Hermite(features=3).init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["coefficients"].shape
      (5, 3)

    References:
      Lokhande, Tasneeyapant, Venkatesh, Ravi and Singh, Generating accurate pseudo-labels in semi-supervised learning
      and avoiding overconfident predictions via Hermite polynomial activations, 2019, arXiv:1909.05479.
    """

    record = jaxact.spec("hermite")
    coefficients_init: Initial = (0.3989422804014327, 0.5, 0.28209479177387814, 0.0, -0.08143375198381998)


class PolyReLU(Learnable):
    r"""Polynomial in the rectifier, :func:`jaxact.poly_relu` with learned coefficients.

    .. math:: y = b + \sum_{i=1}^{3} w_i \max(x, 0)^i

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      weights_init: initial :math:`w_i`, a number, one for each power, or an initializer.
      bias_init: initial :math:`b`, a number or an initializer.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.PolyReLU().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["weights"]
      Array([0.33333334, 0.33333334, 0.33333334], dtype=float32)

    References:
      Zhuo et al., Polynomial composition activations: unleashing the dynamics of large language models, 2024,
      arXiv:2411.03884.
    """

    record = jaxact.spec("poly_relu")
    weights_init: Initial = (1 / 3, 1 / 3, 1 / 3)
    bias_init: Initial = 0.0


class PolyNorm(Learnable):
    r"""Sum of normalised powers, :func:`jaxact.poly_norm` with learned coefficients.

    .. math:: y = b + \sum_{i=1}^{3} w_i \frac{x^i}{\sqrt{\mathrm{mean}(x^{2 i}) + \epsilon}}

    with the mean over ``axis``.

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      weights_init: initial :math:`w_i`, a number, one for each power, or an initializer.
      bias_init: initial :math:`b`, a number or an initializer.
      eps: small positive number.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, or ``eps`` is not positive.

    Examples:
      >>> import jaxact, jax
      >>> variables = jaxact.linen.PolyNorm().init(jax.random.key(0), jax.numpy.zeros(3))
      >>> variables["params"]["bias"]
      Array(0., dtype=float32)

    References:
      Zhuo et al., Polynomial composition activations: unleashing the dynamics of large language models, 2024,
      arXiv:2411.03884.
    """

    record = jaxact.spec("poly_norm")
    weights_init: Initial = (1 / 3, 1 / 3, 1 / 3)
    bias_init: Initial = 0.0
    eps: float = 1e-6


class Rational(Learnable):
    r"""Quotient of polynomials, :func:`jaxact.rational` with learned coefficients.

    .. math:: y = \frac{a_0 + a_1 x + \cdots + a_5 x^5}{1 + |b_1 x + \cdots + b_4 x^4|}

    It starts as the best fit of the leaky rectifier, or of another function, on [-3, 3], and never has a pole.

    Args:
      features, axis, dtype, param_dtype: see :class:`Learnable`.
      numerator_init: initial :math:`a_j`, a number, one for each power, or an initializer.
      denominator_init: initial :math:`b_k`, likewise.
      approximate: name of the activation to start as, in place of what these two say; the error names those that there
        are.

    Returns:
      When called, an array of the shape and floating dtype of its input.

    Raises:
      ValueError: ``features`` is not the input's size along ``axis``, or there is no fit of ``approximate``.

    Examples:
      >>> import jaxact, jax
      >>> rational = jaxact.linen.Rational(approximate="tanh")
      >>> variables = rational.init(jax.random.key(0), jax.numpy.zeros(3))
      >>> print(f"{rational.apply(variables, 1.0):.4f}, {jaxact.tanh(1.0):.4f}")
      0.7616, 0.7616

    References:
      Molina, Schramowski and Kersting, Padé activation units: end-to-end learning of flexible activation functions in
      deep networks, 2019, arXiv:1907.06732.
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
    r"""Randomized leaky rectified linear unit, :func:`jaxact.rrelu` with keys from a random stream.

    .. math:: y = \begin{cases} x & x \ge 0 \\ a x & x < 0 \end{cases}, \quad a \sim U(l, u)

    Args:
      lower: least negative slope.
      upper: greatest negative slope.
      deterministic: whether to use the mean slope, as in evaluation; the call's argument of this name goes first.
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

    References:
      Xu, Wang, Chen and Li, Empirical evaluation of rectified activations in convolutional network, 2015,
      arXiv:1505.00853.
    """

    lower: float = 1 / 8
    upper: float = 1 / 3
    deterministic: bool = False
    rng_collection: str = "activation"
    dtype: DTypeLike | None = None

    @nn.compact
    def __call__(self, x: ArrayLike, deterministic: bool | None = None, rng: Array | None = None) -> Array:
        """Apply the function to ``x``, with the key ``rng`` if there is one."""
        deterministic = self.deterministic if deterministic is None else deterministic
        key = None if deterministic else _key(self, self.rng_collection, rng)
        options = {"key": key, "lower": self.lower, "upper": self.upper, "deterministic": deterministic}
        return _module.call("RReLU", jaxact.spec("rrelu"), x, {}, options, None, -1, self.dtype)


class ProbAct(nn.Module):
    r"""ProbAct, :func:`jaxact.prob_act` with a learned standard deviation and keys from a random stream.

    .. math:: y = \max(x, 0) + \sigma \varepsilon, \quad \varepsilon \sim N(0, 1)

    Args:
      features, axis, param_dtype: see :class:`Learnable`.
      sigma_init: initial :math:`\sigma`, a number or an initializer.
      deterministic: whether to use the mean; the call's argument of this name goes first.
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

    References:
      Shridhar et al., ProbAct: a probabilistic activation function for deep neural networks, 2019, arXiv:1905.10761.
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
        deterministic = self.deterministic if deterministic is None else deterministic
        init = _module.initializer("ProbAct: sigma_init", self.sigma_init)
        shape = _module.parameter_shape("ProbAct", 0.0, self.features)
        parameters = {"sigma": self.param("sigma", init, shape, self.param_dtype)}
        key = None if deterministic else _key(self, self.rng_collection, rng)
        options = {"key": key, "deterministic": deterministic}
        record = jaxact.spec("prob_act")
        return _module.call("ProbAct", record, x, parameters, options, self.features, self.axis, self.dtype)


class Mixture(nn.Module):
    r"""Mixture, a learned convex combination of activations.

    .. math:: y = \sum_i p_i f_i(x), \quad p = \mathrm{softmax}(w)

    The combination is the paper's; the softmax is what keeps it convex. It starts as the mean, is computed in float32
    and rounded once, and the backward pass keeps the input alone.

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
      Manessi and Rozza, Learning combinations of activation functions, 2018, arXiv:1801.09403.
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


class GatedMLP(nn.Module):
    r"""Gated feed-forward layer of current language models.

    .. math:: y = W_o \, g(W_a x, W_b x)

    with :math:`g` a gated activation, and biases if there are any. It has the layers ``wi_gate``, ``wi_value`` and
    ``wo``, each with a ``kernel`` of shape (inputs, outputs), and ``bias``.

    With ``partitioning=("embed", "mlp")`` the kernels carry those names for their axes, in that order on the way in and
    the other way round on the way out. They are names of mesh axes, or logical ones that rules translate; with
    ``(None, "model")`` the hidden units are split over ``model``, which takes one reduction per call.

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

    features: int
    hidden: int
    gate: Gate = "swiglu"
    use_bias: bool = False
    kernel_init: Initializer = _module.KERNEL_INIT
    bias_init: Initializer = _module.BIAS_INIT
    partitioning: Partitioning | None = None
    dtype: DTypeLike | None = None
    param_dtype: DTypeLike = jnp.float32

    @nn.compact
    def __call__(self, x: ArrayLike) -> Array:
        """Apply the layer to ``x``."""
        _module.check_sizes("GatedMLP", features=self.features, hidden=self.hidden)
        activation = _module.gate_function("GatedMLP", self.gate)
        x = _module.converted("linen.GatedMLP", x, self.dtype)
        _module.check_features("GatedMLP", x, self.features)
        embed, mlp = self.partitioning or (None, None)
        h = activation(
            self._dense("wi_gate", self.hidden, (embed, mlp), x.dtype)(x),
            self._dense("wi_value", self.hidden, (embed, mlp), x.dtype)(x),
        )
        return self._dense("wo", self.features, (mlp, embed), x.dtype)(h)

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


def _key(module: nn.Module, stream: str, rng: Array | None) -> Array:
    """The key that was given, or else the next one of the stream."""
    if rng is not None:
        return rng
    try:
        return module.make_rng(stream)
    except InvalidRngError:
        raise ValueError(
            f"{type(module).__name__}: the random stream {stream!r} is missing; "
            f"pass rngs={{{stream!r}: key}} to apply, or deterministic=True for evaluation"
        ) from None
