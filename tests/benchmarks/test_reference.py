"""The fast reference against the oracle, over the whole float32 range."""

import numpy as np
import pytest
import reference
from support import oracle, samples, ulp
from support.cases import defaults

import jaxact


@pytest.mark.parametrize("name", sorted(reference.FORMULAS))
def test_reference(name):
    spec = jaxact.spec(name)
    near = (*spec.kinks, *([] if spec.minimum is None else [spec.minimum]))
    x = samples.wide(np.float32, near, size=100, seed=2)
    x = x[:: max(1, x.size // 1500)]
    x = x[~np.isin(x, spec.kinks)]
    truth, _ = oracle.derivatives(name, x, 2, **defaults(spec))
    got = reference.derivatives(name, x, **defaults(spec))
    for order in range(3):
        found = ulp.windows(lambda v, k=order: reference.derivatives(name, v, **defaults(spec))[k]) if order else []
        unit = np.maximum(np.abs(truth[order]), ulp.window(x, found))
        error = np.abs(got[order] - truth[order]) / np.maximum(unit, float(np.finfo(np.float32).tiny))
        worst = int(error.argmax())
        assert error[worst] < 1e-12, (order, float(x[worst]).hex(), got[order][worst], truth[order][worst])
