"""``npgpt explain``: what happens inside, made visible."""

from __future__ import annotations

import click

from npgpt_cli.commands.explain_attention import attention
from npgpt_cli.commands.explain_backward import backward
from npgpt_cli.commands.explain_forward import forward
from npgpt_cli.commands.explain_step import step
from npgpt_cli.commands.explain_tokenize import tokenize


@click.group()
def explain() -> None:
    """Take tokenizer, model and training apart: what each part computes, and what comes out.

    Nothing of a run is changed. With --json, each prints what it found as JSON.
    """


for command in (tokenize, forward, backward, attention, step):
    explain.add_command(command)
