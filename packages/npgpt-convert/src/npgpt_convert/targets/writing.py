"""The formats that a run can be written in, each with what it needs of the run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from npgpt_convert.conversion import to_foreign
from npgpt_convert.folding import fold_head_bias
from npgpt_convert.foreign import ForeignModel
from npgpt_convert.formats.gguf.vocabulary import vocabulary_metadata
from npgpt_convert.formats.gguf.writer import write_gguf
from npgpt_convert.formats.huggingface.writer import write_model, write_tokenizer
from npgpt_convert.formats.tiktoken import tiktoken_bytes
from npgpt_convert.formats.tokenizer_json.writer import tokenizer_config, tokenizer_json
from npgpt_convert.targets.names import FORMATS
from npgpt_convert.vocabulary import Vocabulary
from npgpt_core.errors import NpgptError
from npgpt_core.protocols import Tokenizer
from npgpt_core.types import Array
from npgpt_train.evaluation import evaluate_model
from npgpt_train.machine.disk import Folder
from npgpt_train.run.folder import Run
from npgpt_train.settings.parts import model_config


@dataclass(frozen=True)
class Export:
    """What is to be written.

    Args:
        run: whose model or tokenizer.
        checkpoint: "best", "latest" or a step.
        fold: whether the bias of the head moves into the shift before it.
        data: the text of the loss before and after that; none for the run's own.
        type: of the matrices in GGUF.
        notes: what there is to say of it, in lines; writers add to them.
    """

    run: Run
    checkpoint: str
    fold: bool
    data: Sequence[str]
    type: str
    notes: list[str]

    @cached_property
    def tokenizer(self) -> Tokenizer:
        """That of the run."""
        return self.run.tokenizer()

    def model(self, format: str) -> ForeignModel:
        """The model as a format writes it."""
        part, record = self.run.settings.model, self.run.record
        options = dict(vars(model_config(self.run.settings, record.vocab_size)))
        model = self.run.model(self.checkpoint)
        state: Mapping[str, Array] = model.parameters()
        if self.fold:
            folded = fold_head_bias(state)
            before = evaluate_model(self.run, model, self.data).loss
            model.load_state_dict({**folded, "head.bias": 0 * state["head.bias"]})
            after = evaluate_model(self.run, model, self.data).loss
            which = f"loss over {' '.join(self.data)}" if self.data else "validation loss"
            self.notes.append(
                f"the bias of the head is folded: the {which} was {before:.4f}, it is {after:.4f}"
                " nats per token"
            )
            state = folded
            options["head_bias"] = False
        return to_foreign(format, part.name, options, state)


OWN_SPLIT = "qwen2"
"""A model type, and a pattern: transformers 5 splits texts so, whatever tokenizer.json says."""


def _huggingface(export: Export, folder: Folder, name: str) -> None:
    """A folder for AutoModelForCausalLM and AutoTokenizer."""
    model, tokenizer = export.model("huggingface"), export.tokenizer
    ids = {f"{mark}_token_id": getattr(tokenizer, f"{mark}_id") for mark in ("bos", "eos", "pad")}
    folder.make(name)
    inside = Folder(folder.path / name)
    write_model(inside, replace(model, metadata={**model.metadata, **ids}))
    try:
        content = tokenizer_json(tokenizer)
    except NpgptError as error:
        export.notes.append(f"the tokenizer is not exported, because {error}")
        return
    write_tokenizer(inside, content, tokenizer_config(tokenizer))
    if OWN_SPLIT == model.metadata["model_type"] != tokenizer.state().get("pattern"):
        export.notes.append(
            "of a Qwen2, AutoTokenizer takes the words of Qwen2 instead of these: open the folder"
            " with PreTrainedTokenizerFast"
        )


def _gguf(export: Export, folder: Folder, name: str) -> None:
    """A file for llama.cpp."""
    model, size = export.model("gguf"), export.run.record.vocab_size
    words = vocabulary_metadata(Vocabulary.of(export.tokenizer), size)
    with folder.create(name) as file:
        write_gguf(file, replace(model, metadata={**model.metadata, **words}), export.type)


def _tokenizer_json(export: Export, folder: Folder, name: str) -> None:
    """A file for Hugging Face's tokenizers."""
    folder.replace_json(name, tokenizer_json(export.tokenizer))


def _tiktoken(export: Export, folder: Folder, name: str) -> None:
    """A file of ranks for tiktoken."""
    folder.write(name, tiktoken_bytes(Vocabulary.of(export.tokenizer)))


Writer = Callable[[Export, Folder, str], None]
WRITERS: Mapping[str, Writer] = dict(
    zip(FORMATS, (_huggingface, _gguf, _tokenizer_json, _tiktoken), strict=True)
)
"""Format -> what writes it under a name into a folder."""
