"""``npgpt explain``: what happens inside, made visible."""

from __future__ import annotations

import click

from npgpt_cli.group import LazyGroup


@click.group(
    cls=LazyGroup,
    targets={
        "tokenize": "npgpt_cli.commands.explain_tokenize:tokenize",
        "forward": "npgpt_cli.commands.explain_forward:forward",
        "backward": "npgpt_cli.commands.explain_backward:backward",
        "attention": "npgpt_cli.commands.explain_attention:attention",
        "step": "npgpt_cli.commands.explain_step:step",
    },
)
def explain() -> None:
    """Look inside: tokens, layers, gradients, attention, a step.

    Each takes a part of the work apart: what it computes, and what comes out. Nothing of a run is
    changed. With --json, each prints what it found as JSON.
    """
