"""``npgpt explain page``: a run and a text as one HTML file that needs no server and no network.

A page computes everything itself, for any text, where it holds the weights and its scripts know the
classes of all modules. Any other page shows what was recorded of its one text.
"""

import dataclasses
from os import PathLike

from npgpt_core.errors import NpgptError
from npgpt_core.generation import generate
from npgpt_core.module import Module
from npgpt_core.protocols import Tokenizer, config_of
from npgpt_core.types import Ids
from npgpt_train.explain.page.arrays import ArrayStore
from npgpt_train.explain.page.contents import contents
from npgpt_train.explain.page.encoder import encoder
from npgpt_train.explain.page.recording import record
from npgpt_train.explain.page.rendering import render, require_jinja
from npgpt_train.explain.page.update import update
from npgpt_train.explain.page.vocabulary import merge_stages, vocabulary
from npgpt_train.explain.page.words import step_lead, summary, text_note
from npgpt_train.explain.tokens import window
from npgpt_train.machine.blas import one_blas_thread
from npgpt_train.machine.disk import writing
from npgpt_train.run.folder import Run
from npgpt_train.run.paths import containing_folder
from npgpt_train.run.sample import SAMPLE_TEMPERATURE, first_ids, suppressed_ids

TOKENS = 32  # of the text that a model writes itself


def write_page(
    run: Run,
    path: str | PathLike[str],
    text: str | None = None,
    *,
    target: int | None = None,
    checkpoint: str = "best",
) -> None:
    """Write the page of a run and a text.

    Args:
        run: whose model.
        path: of the page, an .html file.
        text: its last ``block_size`` tokens are seen; what the model writes itself unless given.
        target: the place, from 1, of the token whose loss goes back; the last unless given.
        checkpoint: "best", "latest" or a step.

    Raises:
        NpgptError: jinja2 is not installed, an empty text, no such token or checkpoint, or the file
            cannot be written.
    """
    page = make_page(run, text, target=target, checkpoint=checkpoint)
    folder, name = containing_folder(path)
    with writing(str(path)):
        folder.replace(name, page.encode("utf-8"))


def make_page(
    run: Run, text: str | None = None, *, target: int | None = None, checkpoint: str = "best"
) -> str:
    """The page as HTML; see ``write_page``."""
    require_jinja()
    run.require_parts("model", "tokenizer")
    step = run.checkpoints.step_of(checkpoint)
    model, tokenizer = run.model(str(step)), run.tokenizer()
    store = ArrayStore()
    with one_blas_thread():
        if text is None:
            text = _own_text(model, tokenizer, run.settings.seed)
        seen = window(tokenizer, text, config_of(model).block_size)
        place = _target(seen.ids, target)
        model.train().use_rng(None)
        recording = record(model, seen.ids, place)
        data = contents(model, recording, store)
        # it changes the weights, so it comes last; an imported run has no optimizer of its own
        can_step = recording.loss is not None and "optimizer" in run.record.parts
        done = update(run, step, model, seen.ids, place) if can_step else None
    name = run.folder.absolute().name
    data["encoder"] = encoder(tokenizer) if data["computable"] else None
    data |= {
        "summary": summary(
            data["model"],
            model.num_parameters(),
            step,
            len(seen.ids),
            seen.left_out,
            has_weights=data["weights"],
            unknown=data["unknown"],
        ),
        "text_note": text_note(data, run.settings.tokenizer.name),
        "step_lead": step_lead(done, recording.loss),
        "text": tokenizer.decode(seen.ids),
        "ids": seen.ids.tolist(),
        "target": place,
        "loss": recording.loss,
        "update": done and dataclasses.asdict(done),
        "block_size": config_of(model).block_size,
        "vocabulary": vocabulary(tokenizer),
        "stages": merge_stages(tokenizer, text, seen.ids),
    }
    return render(f"{name} – npgpt explain", data, store.encode())


def _own_text(model: Module, tokenizer: Tokenizer, seed: int) -> str:
    """What the model writes."""
    prompt = first_ids(tokenizer)
    n = min(TOKENS, config_of(model).block_size) - len(prompt)
    ids = generate(
        model,
        prompt,
        max(n, 1),
        temperature=SAMPLE_TEMPERATURE,
        seed=seed,
        suppress_tokens=suppressed_ids(tokenizer),
    )
    return tokenizer.decode(ids)


def _target(ids: Ids, target: int | None) -> int:
    """The place of the token whose loss goes back."""
    if target is not None and not 1 <= target < len(ids):
        raise NpgptError(
            f"there is no loss of token {target}: the text has {len(ids)} tokens, counted from 0,"
            " and the first has none before it"
        )
    return len(ids) - 1 if target is None else target
