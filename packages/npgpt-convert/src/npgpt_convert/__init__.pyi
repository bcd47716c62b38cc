"""The public names, and where each is defined: for type checkers and for npgpt_core.lazy."""

from npgpt_convert.exporting import export_model as export_model
from npgpt_convert.importing import import_model as import_model

__version__: str
