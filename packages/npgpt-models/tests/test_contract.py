"""Every model of the house keeps the contract of models, as a stranger's would."""

from npgpt_core.testing import parametrize_with_checks
from npgpt_models import GPT, Llama


@parametrize_with_checks("model", GPT)
def test_gpt(check):
    check()


@parametrize_with_checks("model", Llama)
def test_llama(check):
    check()
