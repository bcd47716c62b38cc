"""What the contract asks of commands."""
