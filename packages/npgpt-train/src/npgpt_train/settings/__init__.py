"""What was asked for, and the parts that it names."""
