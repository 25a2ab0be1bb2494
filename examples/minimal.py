"""Train a classifier with a learnable activation, in one short file to copy from.

    python examples/minimal.py

Handwritten digits of scikit-learn, Flax and Optax. It takes ten seconds on two cores and prints the accuracy on the
test images, 97 %, and what the layers' Swish units have learned. ``train.py`` adds checkpoints, many devices and more.
"""

import jax
import jax.numpy as jnp
import optax
from flax import linen as nn
from sklearn.datasets import load_digits

import jaxact


class Classifier(nn.Module):
    @nn.compact
    def __call__(self, x):
        for width in (128, 64):
            x = jaxact.linen.Swish(width)(nn.Dense(width)(x))  # a beta for each unit
        return nn.Dense(10)(x)


def main(epochs=20, batch=64):
    images, labels = load_digits(return_X_y=True)
    images, labels = jnp.asarray(images, "float32") / 16, jnp.asarray(labels)
    held_out = jnp.arange(len(labels)) % 5 == 0
    train, test = jnp.flatnonzero(~held_out), jnp.flatnonzero(held_out)

    model = Classifier()
    optimiser = optax.adamw(2e-3, weight_decay=1e-2, mask=jaxact.decay_mask)  # activations are not decayed
    params = model.init(jax.random.key(0), images[:1])
    state = optimiser.init(params)

    @jax.jit
    def step(params, state, chosen):
        def loss(params):
            logits = model.apply(params, images[chosen])
            return optax.softmax_cross_entropy_with_integer_labels(logits, labels[chosen]).mean()

        updates, state = optimiser.update(jax.grad(loss)(params), state, params)
        return optax.apply_updates(params, updates), state

    @jax.jit
    def accuracy(params, chosen):
        return (model.apply(params, images[chosen]).argmax(-1) == labels[chosen]).mean()

    for epoch in range(epochs):
        order = jax.random.permutation(jax.random.key(epoch), train)
        for i in range(len(order) // batch):
            params, state = step(params, state, order[i * batch : (i + 1) * batch])

    reached = float(accuracy(params, test))
    betas = [params["params"][f"Swish_{i}"]["beta"] for i in range(2)]
    print(f"test accuracy {reached:.1%}; the mean beta of Swish is now {betas[0].mean():.2f} and {betas[1].mean():.2f}")
    return reached


if __name__ == "__main__":
    main()
