"""Where the tests look: every pattern of a half precision, and a stratified choice of the wide ones."""

import jax.numpy as jnp
import numpy as np

# Arguments at which some formula, of jaxact or of a peer, was once at its worst: the float32 sample holds them all.
_WORST = """
-0x1.6f0000p+6 -0x1.61d9f8p+6 -0x1.5d58a0p+6 -0x1.a00000p+3 -0x1.600000p+2 -0x1.3a0000p+2 -0x1.160000p+4 0x1.0b0000p+4
0x1.000000p+3 0x1.62e430p+6 -0x1.ba0000p-1 -0x1.317218p-1 0x1.0a0000p+64 -0x1.000000p+12 -0x1.5c68fap+0 -0x1.bb170ap-4
-0x1.4c4e34p-3 0x1.c79906p-1 -0x1.b0d7b2p+2 -0x1.7d2aa6p+1 -0x1.921c92p+0 -0x1.d3dddap+0 -0x1.59505ap+0 -0x1.c580a4p-3
-0x1.fccf42p-2 -0x1.0446eap+1 0x1.b82cfap+0 -0x1.afb934p-1 -0x1.05df38p+2 -0x1.35bd56p-3 0x1.068408p+2 -0x1.e5c000p-126
-0x1.4b226cp-2 -0x1.b0ede8p-1 -0x1.1778d5p+1 -0x1.409e92p+3 -0x1.0e985ap+2 -0x1.dac86ap+0 -0x1.b2c0c0p-7 -0x1.e7e7e0p-3
"""
WORST = tuple(map(float.fromhex, _WORST.split()))


def half_patterns(dtype):
    """All finite numbers of float16 or bfloat16."""
    x = np.arange(2**16, dtype=np.uint16).view(dtype)
    return x[np.isfinite(x.astype(np.float32))]


def wide(dtype, near=(), size=1000, seed=0):
    """Finite numbers of float32 or float64: every exponent, the body, the tails, and the neighbours of given points."""
    rng = np.random.default_rng(seed)
    info = jnp.finfo(dtype)
    low, high = int(info.minexp), int(info.maxexp)
    exponents = np.arange(low, high, max(1, (high - low) // 250))
    powers = np.ldexp(rng.uniform(1, 2, (3, exponents.size)), exponents)
    powers[0] = np.ldexp(1.0, exponents)
    tail = 1.3 * -np.log(float(info.smallest_normal))
    ends = np.array([float(info.max), float(info.smallest_normal)])
    positive = np.concatenate(
        [powers.ravel(), ends, np.abs(rng.normal(0, 2, size)), rng.uniform(0, 20, size), rng.uniform(0, tail, size)]
    )
    points = np.array([0.0, *near, *WORST])
    steps = np.arange(-8, 9) * float(info.eps)
    close = (points[:, None] + np.maximum(np.abs(points), 1e-3)[:, None] * steps).ravel()
    around = (points[:, None] + rng.normal(0, 0.1, (len(points), 32))).ravel()
    return np.unique(np.concatenate([positive, -positive, close, around]).astype(dtype))


def pairs(dtype, size=1000, far=True):
    """Gates over the body and the tails, values of ordinary size, where the products are normal numbers.

    If ``far``, also gates whose activation is not a normal number, with values of any size.
    """
    rng = np.random.default_rng(0)
    gate = np.concatenate([rng.normal(0, 2, size), rng.uniform(-8, 8, size), [-7, 7, 0, -1.2784645]])
    value = rng.normal(0, 3, gate.size)
    furthest, largest = (1420, 1023) if dtype == np.float64 else (179, 127)
    if far and dtype != np.float16:  # which has neither
        low = -np.concatenate([rng.uniform(9, 20, size), rng.uniform(20, 54, size), rng.uniform(54, furthest, size)])
        gate = np.concatenate([gate, low])
        value = np.concatenate(
            [value, rng.choice([-1, 1], low.size) * 2.0 ** rng.uniform(1 - largest, largest, low.size)]
        )
    return gate.astype(dtype), value.astype(dtype)


def rows(dtype=np.float32, size=8):
    """Rows that are nearly even, or have a dominant entry, or ties, or lie far out."""
    rng = np.random.default_rng(0)
    spread = np.concatenate([rng.normal(0, s, (12, size)) for s in (0.01, 0.3, 1, 4, 30)])
    ties = np.round(rng.normal(0, 1, (12, size)))
    far = rng.normal(0, 1, (6, size)) + np.array([[1e4], [-1e4], [100], [-60], [-85], [-200]])
    return np.concatenate([spread, ties, far]).astype(dtype)
