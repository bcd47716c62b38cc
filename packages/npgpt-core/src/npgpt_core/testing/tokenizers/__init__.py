"""What the contract asks of tokenizers."""
