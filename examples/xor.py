"""Two layers learn XOR: forward, loss, backward and update, all in sight."""

import numpy as np

from npgpt_core import Linear, ReLU

x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], np.float32)
target = np.array([[0], [1], [1], [0]], np.float32)

rng = np.random.default_rng(0)
hidden, relu, out = Linear(2, 8, rng=rng, std=1), ReLU(), Linear(8, 1, rng=rng, std=1)
layers = [hidden, relu, out]

for step in range(301):
    y = x
    for layer in layers:  # forward: each layer remembers what its backward needs
        y = layer(y)
    loss = np.mean((y - target) ** 2)

    dy = 2 * (y - target) / y.size  # the derivative of the loss with respect to y
    for layer in reversed(layers):  # backward: the same layers, upside down
        dy = layer.backward(dy)

    for layer in layers:
        for name, weight in layer.parameters().items():
            weight -= 0.1 * layer.grads()[name]
        layer.zero_grad()
    if step % 100 == 0:
        print(f"step {step:3}  loss {loss:.4f}")

for inputs, answer in zip(x.astype(int).tolist(), y.ravel(), strict=True):
    print(inputs, f"{answer:.2f}")
