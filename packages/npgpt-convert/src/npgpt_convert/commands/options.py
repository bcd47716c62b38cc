"""Options that both commands share."""

from pathlib import Path

import click

PATH = click.Path(path_type=Path)
