"""What the contract asks of observers."""
