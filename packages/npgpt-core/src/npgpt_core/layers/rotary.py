"""Rotary positions: queries and keys are turned by an angle that grows with the position."""

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from npgpt_core.errors import LayerError, short_repr
from npgpt_core.module import Module
from npgpt_core.numbers import is_finite, real_number, whole_number
from npgpt_core.types import Array
from npgpt_core.wrong_input import require_width


@dataclass(frozen=True)
class RopeScaling:
    """Slower angles, so that a model sees further than it was trained to; type ``llama3``.

    A pair that turns fewer than ``low_freq_factor`` times over the original block turns ``factor``
    times slower; one that turns more than ``high_freq_factor`` times stays; the pairs in between
    change in proportion. Grattafiori et al. 2024 (arXiv:2407.21783).

    Args:
        factor: of at least 1.
        low_freq_factor: turns over the original block, below ``high_freq_factor``.
        high_freq_factor: turns over the original block.
        original_block_size: the context of the first training, in tokens.

    Raises:
        NpgptError: names the field that is out of range.
    """

    factor: float
    low_freq_factor: float = 1.0
    high_freq_factor: float = 4.0
    original_block_size: int = 8192

    def __post_init__(self) -> None:
        real_number("factor", self.factor, 1, math.inf)
        real_number("high_freq_factor", self.high_freq_factor, 0, math.inf)
        real_number("low_freq_factor", self.low_freq_factor, 0, self.high_freq_factor)
        whole_number("original_block_size", self.original_block_size)

    def scaled(self, theta: Array) -> Array:
        """θ / factor where a pair is slow, θ where it is fast; radians a position."""
        low, high = self.low_freq_factor, self.high_freq_factor
        turns = self.original_block_size * theta / (2 * math.pi)
        fast = np.clip((turns - low) / (high - low), 0, 1)  # 0 slow, 1 fast
        return theta * (fast + (1 - fast) / self.factor)


class Rotary(Module):
    """y = x e^{i t θ}, x read as x₁ + i x₂, its two halves: (..., T, D) -> (..., T, D).

    Channels c and c + D/2 are a point in the plane. At position t it is turned by the angle t θ_c,
    θ_c = theta^(-2c/D). So q · k depends on how far apart the two positions are, not on where.
    Su et al. 2021 (arXiv:2104.09864), in the half-split form of Llama.

    Args:
        head_size: D, an even number.
        block_size: S, positions are below it.
        theta: the larger, the slower the last pairs turn.
        scaling: what slows the angles for a longer context; None leaves them.
    """

    def __init__(
        self,
        head_size: int,
        block_size: int,
        *,
        theta: float = 10_000.0,
        scaling: RopeScaling | None = None,
    ) -> None:
        super().__init__()
        self.sizes(D=head_size, S=block_size)
        if head_size % 2:
            raise LayerError(self, f"D is {head_size}, expected an even number")
        if not (is_finite(theta) and theta > 0):
            raise LayerError(
                self, f"theta is {short_repr(theta)}, expected a finite number above 0"
            )
        if not (scaling is None or isinstance(scaling, RopeScaling)):
            raise LayerError(
                self, f"scaling is {short_repr(scaling)}, expected a RopeScaling or None"
            )
        self.head_size, self.block_size = head_size, block_size
        thetas = float(theta) ** (-np.arange(0, head_size, 2) / head_size)
        self.thetas = tuple((scaling.scaled(thetas) if scaling else thetas).tolist())

    def forward(self, x: Array, start: int = 0) -> Array:
        """The T positions are ``start`` and those that follow it.

        Raises:
            LayerError: one of them is not below ``block_size``.
        """
        require_width(self, x, self.head_size)
        end = start + x.shape[-2]
        if end > self.block_size:
            raise LayerError(self, f"{end} positions, but block_size is {self.block_size}")
        turn = turns(self.thetas, start, end, np.result_type(x, np.complex64))
        self.keep(turn)
        return turned(x, turn)

    def backward(self, dy: Array) -> Array:
        """dx = dy e^{-i t θ}: turned back."""
        return turned(dy, self.take().conj())


@functools.lru_cache(maxsize=8)  # the layers of a model turn by the same angles
def turns(thetas: tuple[float, ...], start: int, end: int, dtype: npt.DTypeLike) -> Array:
    """e^{i t θ} of the positions t from ``start`` to below ``end``: complex (T, D/2)."""
    angles = np.arange(start, end)[:, None] * np.array(thetas)
    turn = np.exp(1j * angles).astype(dtype)
    turn.flags.writeable = False
    return turn


def turned(x: Array, turn: Array) -> Array:
    """x · turn, x read as x₁ + i x₂: (..., T, D) and (T, D/2) -> (..., T, D)."""
    half = turn.shape[-1]
    z = np.empty((*x.shape[:-1], half), turn.dtype)
    z.real, z.imag = x[..., :half], x[..., half:]
    z *= turn
    return np.concatenate([z.real, z.imag], axis=-1)
