"""What the contract asks of sets of exercises."""
