"""A model that was trained elsewhere, made a run at step 0: whatever works on a run works on it."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from npgpt_core.errors import NpgptError
from npgpt_core.plugins.kinds import KINDS
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Array
from npgpt_core.zero_weights import ZeroWeights
from npgpt_train.machine.processors import physical_cores
from npgpt_train.run.checkpoint import Checkpoint
from npgpt_train.run.folder import Run
from npgpt_train.run.paths import check_free
from npgpt_train.settings import part_options, parts
from npgpt_train.settings.provenance import origin_of
from npgpt_train.settings.settings import DEFAULTS, Part, Settings
from npgpt_train.text.tokenizer_file import encoding_digest, tokenizer_bytes


def create_imported(
    folder: Path,
    *,
    model: str,
    options: Mapping[str, Any],
    parameters: int,
    fill: Callable[[Mapping[str, Array]], None],
    tokenizer: Tokenizer,
    tokenizer_name: str,
    imported_from: str,
) -> Run:
    """Make a run of weights that were trained elsewhere.

    Args:
        folder: of the run.
        model: its name in the registry.
        options: of its ``Config``, ``vocab_size`` and ``block_size`` among them.
        parameters: how many numbers there are to fill it with.
        fill: writes into the parameters, which it gets by their names; after it, the run is
            written.
        tokenizer: trained.
        tokenizer_name: of its class in the registry.
        imported_from: what this is made from, in words.

    Raises:
        NpgptError: the folder is not free; the model refuses the options, has another number of
            parameters, or does not fit into memory; what ``fill`` raises.
    """
    check_free(folder)
    vocab_size = options["vocab_size"]
    if tokenizer.vocab_size != vocab_size:
        raise NpgptError(
            f"the tokenizer has {tokenizer.vocab_size:,} ids, the model {vocab_size:,}: they do not"
            " belong together"
        )
    settings = _settings(model, options, tokenizer_name)
    made = parts.build_model(settings, vocab_size, ZeroWeights(), most=parameters)
    fill(made.parameters())
    run, lock = Run.create(
        folder,
        tokenizer_bytes(tokenizer),
        Checkpoint(0, made.parameters(), {}),
        settings=settings,
        parts={kind: origin_of(kind, settings.names()[kind]) for kind in ("tokenizer", "model")},
        vocab_size=vocab_size,
        parameters=made.num_parameters(),
        data=None,
        ranks=1,
        imported_from=imported_from,
        ends_texts=True,
        encoding_sha256=encoding_digest(tokenizer),
    )
    lock.close()
    return run


def _settings(model: str, options: Mapping[str, Any], tokenizer: str) -> Settings:
    """Those of the model; of the training that it did not have here, the published ones."""
    given = KINDS["model"].given
    shape = {name: value for name, value in options.items() if name not in given}
    chosen = {"tokenizer": Part(tokenizer), "model": Part(model, shape)}
    chosen["optimizer"] = Part(DEFAULTS["optimizer"])
    chosen["schedule"] = Part(DEFAULTS["schedule"], {"max_iters": DEFAULTS["max_iters"]})
    own = {"data": (), "batch_size": 1, "block_size": options["block_size"]}
    settings = Settings(**{**DEFAULTS, **own, **chosen, "workers": physical_cores()})
    return part_options.with_defaults(settings)
