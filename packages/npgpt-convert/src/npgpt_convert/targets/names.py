"""The names that an export is asked for by; they stand alone, so that ``--help`` is quick."""

FORMATS = ("huggingface", "gguf", "tokenizer.json", "tiktoken")
TYPES = ("F32", "F16", "Q8_0")  # of the matrices in a GGUF file
