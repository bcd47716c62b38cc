"""Taking a model apart, for ``npgpt explain``: each question a file, each answer plain data.

The answers are frozen dataclasses; ``dataclasses.asdict`` makes the JSON of them. Whoever asks
keeps the model as it was: the work is done on a replica.
"""
