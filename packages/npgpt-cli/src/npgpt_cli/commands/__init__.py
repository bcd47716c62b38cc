"""The commands, one file each. What a command needs is imported when it runs."""

SUMMARIES = {
    "cache": "Show what is kept between runs, and clear it.",
    "check-grads": "Hold explicit gradients against central differences.",
    "compare": "Train models that differ in one thing, and compare them.",
    "evaluate": "Measure a trained model on the whole of a text.",
    "explain": "Look inside: tokens, layers, gradients, attention, a step.",
    "generate": "Continue a text with a trained model.",
    "plot": "Draw the curves of a run.",
    "plugins": "List, check, describe and start plugins.",
    "runs": "List runs: what they are, how far they are, how good.",
    "tokenize": "Turn text into ids, or ids into text.",
    "train": "Train a model on text.",
}
"""A line each for ``npgpt --help``, which therefore imports none of them."""
