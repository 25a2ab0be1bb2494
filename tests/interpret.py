"""Runs traced functions in NumPy, operation by operation.

That is what a program means, without what XLA makes of it, and it spares the tests of what it means most of their time:
compiling a formula of a thousand operations takes seconds, and each transformation makes another program of it.
Primitives that are not of one number at a time are left to JAX.
"""

import jax
import jax.numpy as jnp
import numpy as np
from jax.extend import core

_CALLED = ("jaxpr", "call_jaxpr", "fun_jaxpr")  # where a primitive that calls keeps what it calls


def run(f, *args):
    """``f(*args)`` as NumPy arrays; trees on both sides."""
    traced = (f if hasattr(f, "trace") else jax.jit(f)).trace(*args)
    leaves = [_as_numpy(x, v.aval.dtype) for x, v in zip(jax.tree.leaves(args), traced.jaxpr.jaxpr.invars, strict=True)]
    with np.errstate(all="ignore"):
        flat = _evaluate(traced.jaxpr, leaves)
    return jax.tree.unflatten(jax.tree.structure(traced.out_info), flat)


def _as_numpy(x, dtype=None):
    return x if isinstance(x, jax.Array) and jnp.issubdtype(x.dtype, jax.dtypes.extended) else np.asarray(x, dtype)


def _evaluate(closed, args):
    jaxpr, consts = getattr(closed, "jaxpr", closed), getattr(closed, "consts", ())
    values = dict(zip((*jaxpr.constvars, *jaxpr.invars), (*map(_as_numpy, consts), *args), strict=True))

    def read(v):
        return np.asarray(v.val, v.aval.dtype) if isinstance(v, core.Literal) else values[v]

    for eqn in jaxpr.eqns:
        values.update(zip(eqn.outvars, _apply(eqn, *map(read, eqn.invars)), strict=True))
    return [read(v) for v in jaxpr.outvars]


def _apply(eqn, *args):
    name, params = eqn.primitive.name, eqn.params
    if name == "scan" and "num_carry" in params:  # newer versions of JAX say it in another way, and run it themselves
        return _scan(args, **params)
    called = next((params[n] for n in _CALLED if n in params), None) if name != "scan" else None
    if called is not None:
        return _evaluate(called, args)
    if name in ("optimization_barrier", "stop_gradient"):
        return args
    if name in _NUMPY:
        out = _NUMPY[name](*args, **params)
        if out is not NotImplemented:
            return [np.asarray(out, eqn.outvars[0].aval.dtype)]
    out = eqn.primitive.bind(*map(jnp.asarray, args), **params)
    return map(_as_numpy, out if eqn.primitive.multiple_results else [out])


def _scan(args, *, jaxpr, length, reverse, num_consts, num_carry, **_):
    end = num_consts + num_carry
    consts, carry, xs = args[:num_consts], args[num_consts:end], args[end:]
    rows = []
    for i in range(length)[:: -1 if reverse else 1]:
        out = _evaluate(jaxpr, (*consts, *carry, *(x[i] for x in xs)))
        carry = out[:num_carry]
        rows.append(out[num_carry:])
    return [*carry, *map(np.stack, zip(*rows[:: -1 if reverse else 1], strict=True))]


def _broadcast(x, *, shape, broadcast_dimensions, **_):
    ones = [1] * len(shape)
    for size, axis in zip(x.shape, broadcast_dimensions, strict=True):
        ones[axis] = size
    return np.broadcast_to(x.reshape(ones), shape)


def _convert(x, *, new_dtype, **_):
    of_floats = all(np.dtype(d) == bool or jnp.issubdtype(d, jnp.floating) for d in (x.dtype, new_dtype))
    return x.astype(new_dtype) if of_floats else NotImplemented  # between floats and integers, rules differ


def _bits(x, *, new_dtype):
    return x.view(new_dtype) if x.dtype.itemsize == np.dtype(new_dtype).itemsize else NotImplemented


def _shift_right(x, by):
    unsigned = np.dtype(f"u{x.dtype.itemsize}")
    return (x.view(unsigned) >> by.view(unsigned)).view(x.dtype)


def _select(which, *cases):
    return np.where(which, *cases[::-1]) if which.dtype == bool else NotImplemented


def _of_floats(f):
    return lambda *args, **_: f(*args) if jnp.issubdtype(args[0].dtype, jnp.floating) else NotImplemented


def _same(f):
    return lambda *args, **_: f(*args)


_NUMPY = {
    "abs": _same(np.abs),
    "add": _same(np.add),
    "add_any": _same(np.add),
    "and": _same(np.bitwise_and),
    "bitcast_convert_type": _bits,
    "broadcast_in_dim": _broadcast,
    "clamp": lambda low, x, high: np.minimum(np.maximum(x, low), high),
    "convert_element_type": _convert,
    "div": _of_floats(np.divide),
    "eq": _same(np.equal),
    "ge": _same(np.greater_equal),
    "gt": _same(np.greater),
    "le": _same(np.less_equal),
    "lt": _same(np.less),
    "max": _same(np.maximum),
    "min": _same(np.minimum),
    "mul": _same(np.multiply),
    "ne": _same(np.not_equal),
    "neg": _same(np.negative),
    "not": _same(np.invert),
    "or": _same(np.bitwise_or),
    "select_n": _select,
    "shift_left": _same(np.left_shift),
    "shift_right_logical": _shift_right,
    "sqrt": _of_floats(np.sqrt),
    "sub": _same(np.subtract),
    "xor": _same(np.bitwise_xor),
}
