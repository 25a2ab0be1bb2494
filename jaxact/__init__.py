"""jaxact: activation functions for JAX with accurate gradients."""

from __future__ import annotations

import difflib
import importlib
from typing import TYPE_CHECKING, Any

from jaxact._activation import Activation as Activation
from jaxact._activation import activation as activation
from jaxact._activation import get as get
from jaxact._activation import spec as spec
from jaxact._activation import specs as specs
from jaxact._decay import decay_mask as decay_mask
from jaxact._inverse import inverse as inverse
from jaxact._inverse import log_abs_slope as log_abs_slope
from jaxact._surrogate import surrogate as surrogate
from jaxact.functions.gated import bilinear as bilinear
from jaxact.functions.gated import clipped_swiglu as clipped_swiglu
from jaxact.functions.gated import drelu_glu as drelu_glu
from jaxact.functions.gated import geglu as geglu
from jaxact.functions.gated import glu as glu
from jaxact.functions.gated import mishglu as mishglu
from jaxact.functions.gated import powglu as powglu
from jaxact.functions.gated import reglu as reglu
from jaxact.functions.gated import situ_glu as situ_glu
from jaxact.functions.gated import sreglu as sreglu
from jaxact.functions.gated import swiglu as swiglu
from jaxact.functions.gated import swiglu_step as swiglu_step
from jaxact.functions.parametric import acon_c as acon_c
from jaxact.functions.parametric import aptx as aptx
from jaxact.functions.parametric import derf as derf
from jaxact.functions.parametric import dyt as dyt
from jaxact.functions.parametric import erf_act as erf_act
from jaxact.functions.parametric import hermite as hermite
from jaxact.functions.parametric import mpelu as mpelu
from jaxact.functions.parametric import pelu as pelu
from jaxact.functions.parametric import poly_norm as poly_norm
from jaxact.functions.parametric import poly_relu as poly_relu
from jaxact.functions.parametric import powlu as powlu
from jaxact.functions.parametric import pserf as pserf
from jaxact.functions.parametric import rational as rational
from jaxact.functions.parametric import smu as smu
from jaxact.functions.parametric import soft_exponential as soft_exponential
from jaxact.functions.parametric import swish as swish
from jaxact.functions.parametric import tanh_soft as tanh_soft
from jaxact.functions.parametric import xatlu as xatlu
from jaxact.functions.parametric import xgelu as xgelu
from jaxact.functions.parametric import xielu as xielu
from jaxact.functions.parametric import xsilu as xsilu
from jaxact.functions.periodic import cosine as cosine
from jaxact.functions.periodic import gcu as gcu
from jaxact.functions.periodic import hosc as hosc
from jaxact.functions.periodic import sine as sine
from jaxact.functions.periodic import sinlu as sinlu
from jaxact.functions.periodic import snake as snake
from jaxact.functions.periodic import snake_beta as snake_beta
from jaxact.functions.periodic import staf as staf
from jaxact.functions.rectified import apl as apl
from jaxact.functions.rectified import arelu as arelu
from jaxact.functions.rectified import crelu as crelu
from jaxact.functions.rectified import gaussian_topk_relu as gaussian_topk_relu
from jaxact.functions.rectified import group_sort as group_sort
from jaxact.functions.rectified import hard_mish as hard_mish
from jaxact.functions.rectified import hard_sigmoid as hard_sigmoid
from jaxact.functions.rectified import hard_tanh as hard_tanh
from jaxact.functions.rectified import householder as householder
from jaxact.functions.rectified import identity as identity
from jaxact.functions.rectified import leaky_relu as leaky_relu
from jaxact.functions.rectified import max_min as max_min
from jaxact.functions.rectified import maxout as maxout
from jaxact.functions.rectified import nlrelu as nlrelu
from jaxact.functions.rectified import prelu as prelu
from jaxact.functions.rectified import relu as relu
from jaxact.functions.rectified import relu6 as relu6
from jaxact.functions.rectified import relu_squared as relu_squared
from jaxact.functions.rectified import shifted_relu as shifted_relu
from jaxact.functions.rectified import sparse_sigmoid as sparse_sigmoid
from jaxact.functions.rectified import srelu as srelu
from jaxact.functions.rectified import star_relu as star_relu
from jaxact.functions.rectified import sugar as sugar
from jaxact.functions.rectified import threshold as threshold
from jaxact.functions.rectified import tlu as tlu
from jaxact.functions.saturating import atan as atan
from jaxact.functions.saturating import erf as erf
from jaxact.functions.saturating import gaussian as gaussian
from jaxact.functions.saturating import isru as isru
from jaxact.functions.saturating import laplace as laplace
from jaxact.functions.saturating import penalized_tanh as penalized_tanh
from jaxact.functions.saturating import sigmoid as sigmoid
from jaxact.functions.saturating import soft_clipping as soft_clipping
from jaxact.functions.saturating import soft_sign as soft_sign
from jaxact.functions.saturating import softcap as softcap
from jaxact.functions.saturating import sqnl as sqnl
from jaxact.functions.saturating import tanh as tanh
from jaxact.functions.shrinkage import hard_shrink as hard_shrink
from jaxact.functions.shrinkage import soft_shrink as soft_shrink
from jaxact.functions.shrinkage import tanh_shrink as tanh_shrink
from jaxact.functions.simplex import entmax as entmax
from jaxact.functions.simplex import entmax15 as entmax15
from jaxact.functions.simplex import log_softmax as log_softmax
from jaxact.functions.simplex import simnorm as simnorm
from jaxact.functions.simplex import softmax as softmax
from jaxact.functions.simplex import softmax_one as softmax_one
from jaxact.functions.simplex import softmin as softmin
from jaxact.functions.simplex import solu as solu
from jaxact.functions.simplex import sparsemax as sparsemax
from jaxact.functions.smooth import bent_identity as bent_identity
from jaxact.functions.smooth import celu as celu
from jaxact.functions.smooth import colu as colu
from jaxact.functions.smooth import e_swish as e_swish
from jaxact.functions.smooth import elish as elish
from jaxact.functions.smooth import elu as elu
from jaxact.functions.smooth import exponential as exponential
from jaxact.functions.smooth import ftswish as ftswish
from jaxact.functions.smooth import gelu as gelu
from jaxact.functions.smooth import gelu_exact as gelu_exact
from jaxact.functions.smooth import gelu_tanh as gelu_tanh
from jaxact.functions.smooth import gish as gish
from jaxact.functions.smooth import golu as golu
from jaxact.functions.smooth import hard_elish as hard_elish
from jaxact.functions.smooth import hard_silu as hard_silu
from jaxact.functions.smooth import isrlu as isrlu
from jaxact.functions.smooth import leaky_tanh as leaky_tanh
from jaxact.functions.smooth import lisht as lisht
from jaxact.functions.smooth import log_cosh as log_cosh
from jaxact.functions.smooth import log_sigmoid as log_sigmoid
from jaxact.functions.smooth import logish as logish
from jaxact.functions.smooth import mish as mish
from jaxact.functions.smooth import phish as phish
from jaxact.functions.smooth import quick_gelu as quick_gelu
from jaxact.functions.smooth import selu as selu
from jaxact.functions.smooth import serf as serf
from jaxact.functions.smooth import shifted_softplus as shifted_softplus
from jaxact.functions.smooth import signed_hyperbolic as signed_hyperbolic
from jaxact.functions.smooth import signed_parabolic as signed_parabolic
from jaxact.functions.smooth import silu as silu
from jaxact.functions.smooth import smish as smish
from jaxact.functions.smooth import softplus as softplus
from jaxact.functions.smooth import sparse_plus as sparse_plus
from jaxact.functions.smooth import sqrt_softplus as sqrt_softplus
from jaxact.functions.smooth import squareplus as squareplus
from jaxact.functions.smooth import suish as suish
from jaxact.functions.smooth import symexp as symexp
from jaxact.functions.smooth import symlog as symlog
from jaxact.functions.smooth import tanh_exp as tanh_exp
from jaxact.functions.stochastic import gumbel_softmax as gumbel_softmax
from jaxact.functions.stochastic import prob_act as prob_act
from jaxact.functions.stochastic import rrelu as rrelu

if TYPE_CHECKING:
    from jaxact import linen as linen
    from jaxact import nnx as nnx
    from jaxact import plotting as plotting
    from jaxact import theory as theory

hard_swish = hard_silu

__version__ = "0.1.0"

_LAZY = ("keras", "linen", "nnx", "plotting", "theory")  # submodules that are loaded on first use


def __getattr__(name: str) -> Any:
    if name in _LAZY:
        return importlib.import_module(f"jaxact.{name}")
    message = f"module 'jaxact' has no attribute {name!r}"
    if name.startswith("_"):
        raise AttributeError(message)
    import jax.nn

    if hasattr(jax.nn, name):
        raise AttributeError(f"{message}, which is not an activation; take it from jax.nn")
    close = difflib.get_close_matches(name, [*globals(), *_LAZY], n=3)
    raise AttributeError(f"{message}; the closest names are {', '.join(close)}" if close else message)


def __dir__() -> list[str]:
    return [*globals(), *_LAZY]
