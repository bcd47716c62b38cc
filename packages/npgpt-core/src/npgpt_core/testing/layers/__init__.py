"""What the contract asks of layers."""
