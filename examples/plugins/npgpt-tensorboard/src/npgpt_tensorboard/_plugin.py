"""Where npgpt finds the observer of this package."""

from npgpt_core import hookimpl


@hookimpl
def npgpt_observers() -> dict[str, str]:
    return {"tensorboard": "npgpt_tensorboard.observer:TensorBoard"}
