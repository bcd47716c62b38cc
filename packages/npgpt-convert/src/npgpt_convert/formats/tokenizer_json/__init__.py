"""``tokenizer.json``, the file of Hugging Face's tokenizers."""
