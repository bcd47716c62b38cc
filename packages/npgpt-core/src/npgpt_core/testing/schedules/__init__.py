"""What the contract asks of schedules."""
