"""Checks for authors of layers and plugins: gradients against central differences, contracts."""

from npgpt_core.testing.gradients import (
    GradientCheck,
    check_gradients,
    gradient_errors,
    numerical_gradient,
)

__all__ = ["GradientCheck", "check_gradients", "gradient_errors", "numerical_gradient"]
