"""What this package adds to npgpt."""

from collections.abc import Mapping

from npgpt_core.plugins.hookspecs import hookimpl


@hookimpl
def npgpt_optimizers() -> Mapping[str, str]:
    """The optimizers of the house."""
    return {
        "sgd": "npgpt_optim.sgd:SGD",
        "adam": "npgpt_optim.adam:Adam",
        "adamw": "npgpt_optim.adam:AdamW",
        "muon": "npgpt_optim.muon:Muon",
    }


@hookimpl
def npgpt_schedules() -> Mapping[str, str]:
    """The learning-rate schedules of the house."""
    return {
        "constant": "npgpt_optim.schedules:Constant",
        "step": "npgpt_optim.schedules:Step",
        "warmup-cosine": "npgpt_optim.schedules:WarmupCosine",
    }
