"""What the contract asks of optimizers."""
