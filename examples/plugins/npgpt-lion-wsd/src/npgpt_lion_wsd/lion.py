"""Lion: sign descent along an interpolated momentum."""

import numpy as np

from npgpt_optim import Elementwise


class Lion(Elementwise):
    """p -= lr · (sign(β₁ m + (1 - β₁) g) + λ p), then m = β₂ m + (1 - β₂) g.

    Chen et al. 2023, "Symbolic Discovery of Optimization Algorithms" (arXiv:2302.06675).

    Args:
        model: anything with ``parameters()`` and ``grads()``.
        lr: learning rate, 3 to 10 times smaller than Adam's.
        beta1: β₁, weight of the momentum in the step.
        beta2: β₂, memory of the momentum.
        weight_decay: λ, share of a weight that is lost each step, times lr.
    """

    def __init__(self, model, *, lr=1e-4, beta1=0.9, beta2=0.99, weight_decay=0.0):
        super().__init__(model, lr, slots=("m",))
        self.beta1, self.beta2, self.weight_decay = beta1, beta2, weight_decay

    def update(self, name, parameter, gradient, slots) -> None:
        """One update of matching pieces of a parameter, its gradient and its momentum."""
        p, g, (m,), s = parameter, gradient, slots, np.empty_like(parameter)
        p *= 1 - self.lr * self.weight_decay
        np.multiply(m, self.beta1, out=s)  # s = β₁ m + (1 - β₁) g
        s += (1 - self.beta1) * g
        p -= self.lr * np.sign(s)
        m *= self.beta2  # m = β₂ m + (1 - β₂) g
        m += (1 - self.beta2) * g
