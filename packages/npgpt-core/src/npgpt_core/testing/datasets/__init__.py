"""What the contract asks of datasets."""
