"""Bare formulas in Pallas kernels: run in the interpreter, and lowered for TPU, Triton and Mosaic GPU."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.experimental import pallas as pl
from jax.experimental.pallas import mosaic_gpu, triton
from support import cases

import jaxact

SHAPE = (16, 256)
BARE = [s for s in jaxact.specs() if s.slopes]
bare = pytest.mark.parametrize("spec", BARE, ids=lambda s: s.name)
dtypes = pytest.mark.parametrize("dtype", [jnp.float32, jnp.bfloat16], ids=["float32", "bfloat16"])


def kernel(formulas, count):
    """One kernel for value and slopes: reads ``count`` arrays and writes one for each formula."""

    def run(*refs):
        arguments = [ref[...] for ref in refs[:count]]
        for formula, ref in zip(formulas, refs[count:], strict=True):
            ref[...] = formula(*arguments)

    return run


def in_kernel(spec, dtype, **options):
    """Value and slopes of an activation, computed in a Pallas kernel."""
    count, formulas = cases.inputs(spec), (spec.value, *spec.slopes)
    out = [jax.ShapeDtypeStruct(SHAPE, dtype)] * len(formulas)
    return pl.pallas_call(kernel(formulas, count), out_shape=out, **options)


def arrays(spec, dtype):
    return [2 * cases.batch(SHAPE, seed=seed).astype(dtype) for seed in range(cases.inputs(spec))]


@bare
@dtypes
def test_interpreted(spec, dtype):
    xs = arrays(spec, dtype)
    outside = jax.jit(lambda *xs: [formula(*xs) for formula in (spec.value, *spec.slopes)])(*xs)
    inside = in_kernel(spec, dtype, interpret=True)(*xs)
    for a, b in zip(inside, outside, strict=True):
        assert a.dtype == dtype
        np.testing.assert_allclose(np.float32(a), np.float32(b), rtol=4 * float(jnp.finfo(dtype).eps), atol=1e-6)


def options(target, count):
    if target == "tpu":
        return {}
    if target == "triton":
        return {"compiler_params": triton.CompilerParams(num_warps=4)}
    memory = pl.BlockSpec(memory_space=mosaic_gpu.SMEM)
    return {"compiler_params": mosaic_gpu.CompilerParams(), "in_specs": [memory] * count}


@bare
@dtypes
@pytest.mark.parametrize("target", ["tpu", "triton", "mosaic_gpu"])
def test_lowers(spec, dtype, target):
    """Without the device: what a kernel may not contain is found before it is compiled."""
    count = cases.inputs(spec)
    extra = options(target, count)
    if target == "mosaic_gpu":
        extra["out_specs"] = [pl.BlockSpec(memory_space=mosaic_gpu.SMEM)] * (1 + len(spec.slopes))
    platform = "tpu" if target == "tpu" else "cuda"
    traced = jax.jit(in_kernel(spec, dtype, **extra)).trace(*arrays(spec, dtype))
    traced.lower(lowering_platforms=(platform,))  # raises where a primitive has no rule there
