"""The curves and samples of npgpt's runs in TensorBoard: a plugin."""
