"""Brings your GPT to npgpt, as the model "mine", wherever this folder is on PYTHONPATH."""

from npgpt_core import hookimpl


@hookimpl
def npgpt_models():
    """Name -> where the class is; it is imported when somebody asks for it."""
    return {"mine": "18_gpt:GPT"}
