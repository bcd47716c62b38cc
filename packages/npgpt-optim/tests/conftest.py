"""The same examples in every run, however busy the machine is."""

from hypothesis import settings

settings.register_profile("npgpt", derandomize=True, deadline=None)
settings.load_profile("npgpt")
