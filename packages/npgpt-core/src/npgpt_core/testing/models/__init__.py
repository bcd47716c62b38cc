"""What the contract asks of models."""
