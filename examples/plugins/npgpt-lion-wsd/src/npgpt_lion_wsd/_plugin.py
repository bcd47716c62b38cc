"""Where npgpt finds the parts of this package."""

from npgpt_core import hookimpl


@hookimpl
def npgpt_optimizers() -> dict[str, str]:
    return {"lion": "npgpt_lion_wsd.lion:Lion"}


@hookimpl
def npgpt_schedules() -> dict[str, str]:
    return {"wsd": "npgpt_lion_wsd.wsd:WarmupStableDecay"}
