"""The Lion optimizer and the warm-up-stable-decay schedule, plugins of npgpt."""
