"""Which settings to try where a run goes wrong."""


def stability_advice(lr: float) -> str:
    """What usually helps against steps that are too large; ``lr`` is the highest learning rate."""
    return f"A lower `lr` (it was {lr:.3g}), a longer `warmup_iters` or `grad_clip=1` usually help"
