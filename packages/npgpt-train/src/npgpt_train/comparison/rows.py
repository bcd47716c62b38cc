"""The rows that the tables of a report are made of, and the notes above them."""

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from npgpt_train.formatting import decimals, duration, number, percent, perplexity


class Row(NamedTuple):
    """One row of a table.

    Args:
        label: what it says.
        path: where a run has the number.
        form: how it is written.
        rare: leave the row out where it is zero for all.
    """

    label: str
    path: str
    form: Callable[[Any], str]
    rare: bool = False


SHARE = partial(percent, digits=1)
RESTORED = ", all restored"
BITS = Row(f"bits per character{RESTORED}", "held_out.restored_bits_per_character", decimals(3))
BASELINES = [
    Row(
        f"a unigram of its tokens{RESTORED}",
        "held_out.restored_unigram_bits_per_character",
        decimals(3),
    ),
    Row(
        f"guessing evenly among its tokens{RESTORED}",
        "held_out.restored_uniform_bits_per_character",
        decimals(3),
    ),
]
PRICES = [
    Row("bits per character, tokens alone", "held_out.bits_per_character", decimals(3)),
    Row("to spell unknown words", "held_out.lost_bits_per_character.spelling", decimals(3), True),
    Row("to restore case", "held_out.lost_bits_per_character.case", decimals(3), True),
]
BYTES = Row(f"bits per byte{RESTORED}", "held_out.restored_bits_per_byte", decimals(3))
PER_WORD = Row(f"perplexity per word{RESTORED}", "held_out.perplexity_per_word", perplexity)
LOSSES = [
    Row("loss, nats per token", "held_out.loss", decimals(3)),
    Row("loss of a unigram", "held_out.unigram_loss", decimals(3)),
    Row("loss of guessing evenly", "held_out.uniform_loss", decimals(3)),
]
UNKNOWN = Row("unknown tokens", "held_out.unknown_rate", SHARE, True)
RECOVERED = Row("lines with text recovered exactly", "held_out.lines_recovered", SHARE)
MODEL = [
    Row("ids in the vocabulary", "model.vocab_size", number),
    Row("parameters", "model.parameters", number),
    Row("of them embeddings and head", "model.embedding_parameters", number),
    Row("their share", "model.embedding_share", SHARE),
    Row("training tokens", "train_tokens", number),
    Row("characters per token", "held_out.characters_per_token", decimals(2)),
]
WRITTEN = [
    Row("characters in 500 tokens", "generated.characters_in_500_tokens", number),
    Row("words that the corpus has", "generated.known_words", SHARE),
    Row("speakers' names written", "generated.names", number),
    Row("of them in the corpus", "generated.known_names", SHARE),
    Row("repeated runs of four words, in 80 words", "generated.repeated_4grams", SHARE),
    Row("unknown tokens", "generated.unknown_rate", SHARE, True),
]
TRAINING = [
    Row("steps", "training.steps", number),
    Row("lowest validation loss", "training.best_val_loss", decimals(3)),
    Row("at step", "training.best_step", number),
    Row("validation loss at the end", "training.final_val_loss", decimals(3)),
    Row("training loss at the end", "training.final_train_loss", decimals(3)),
    Row("spikes of the gradient norm", "training.grad_norm_spikes", number),
    Row("largest gradient norm", "training.largest_grad_norm", decimals(2)),
    Row("largest rise of the loss in a step", "training.largest_loss_jump", decimals(3)),
    Row("tokens a second", "timing.tokens_per_second", number),
    Row("characters a second", "timing.characters_per_second", number),
    Row("time of all steps", "timing.seconds", duration),
]
DIVERGED = (
    "A run that diverged is not measured: from that step on, its loss or gradient is not finite."
)
CHOSEN = (
    "Measured with the checkpoint of the lowest validation loss, which samples of this same text"
    " chose."
)
TOKENS_DIFFER = "Losses per token do not compare across tokenizers; bits per character do."
SAME_TOKENS = "The tokens of all runs are the same, so their losses per token compare."
PRICE = (
    "A tokenizer that loses something pays for it under a unigram model of single characters,"
    " learned from the training split: each unknown word is spelled"
)
PRICE_OF_CASE = ", and the case of every other letter is encoded."
WRITTEN_NOTE = (
    "Counted in eight texts of 500 tokens from each best checkpoint. An unknown token may be drawn,"
    " and is shown as �."
)
