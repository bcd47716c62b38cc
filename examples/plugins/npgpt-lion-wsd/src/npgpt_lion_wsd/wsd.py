"""Warm-up, stable, decay: the learning rate of MiniCPM (Hu et al. 2024, arXiv:2404.06395)."""

from dataclasses import dataclass


@dataclass(frozen=True)
class WarmupStableDecay:
    """Up in a line, flat, and down in a line over the last part of the run.

    Args:
        lr: the highest learning rate.
        max_iters: number of steps of the run; a step past it is legal.
        warmup: share of the run on the way up.
        decay: share of the run on the way down.
        min_lr: the lowest learning rate, at the end; a tenth of lr unless given.
    """

    lr: float
    max_iters: int
    warmup: float = 0.05
    decay: float = 0.2
    min_lr: float | None = None

    def __call__(self, step: int) -> float:
        """The learning rate of a step (0, 1, ...)."""
        low = self.lr / 10 if self.min_lr is None else self.min_lr
        up, down = self.warmup * self.max_iters, self.decay * self.max_iters
        rise = (step + 1) / up if up else 1.0
        left = (self.max_iters - step) / down if down else float(step < self.max_iters)
        return min(self.lr * min(rise, 1.0), low + (self.lr - low) * min(max(left, 0.0), 1.0))
