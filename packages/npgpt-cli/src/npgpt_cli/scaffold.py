"""Writing the package that ``npgpt plugins new`` gives, from the files in ``templates``.

``templates/package`` is what every package has, ``templates/KIND`` the part and its tests. In text
and in paths ``$name`` is replaced (``string.Template``).
"""

import re
from collections.abc import Iterator
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path, PurePosixPath
from string import Template

from npgpt_cli import __version__
from npgpt_cli.using import used_by
from npgpt_core import registry
from npgpt_core.errors import NpgptError
from npgpt_core.plugins.hookspecs import PLUGIN_API
from npgpt_core.shell import command

NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")
SUFFIX = ".tmpl"


class Scaffold:
    """A package that adds one part.

    Args:
        kind: of the part.
        name: of the part, in lower case with hyphens.

    Raises:
        NpgptError: the name is malformed, or taken.
    """

    def __init__(self, kind: str, name: str) -> None:
        self.kind = kind
        self.name = name
        self.distribution = f"npgpt-{name}"
        if not NAME.fullmatch(name) or name.startswith("npgpt-"):
            raise NpgptError(
                f"the name {name!r} cannot be used: expected lower-case letters, digits and single"
                " hyphens, beginning with a letter, such as my-tokenizer; npgpt- is put before it"
            )
        if self.distribution in {*registry.OWN_DISTRIBUTIONS, "npgpt-core"}:
            raise NpgptError(
                f"{self.distribution} is one of npgpt's own packages: use another name"
            )
        taken = [spec for spec in registry.specs(kind) if spec.name == name]
        if taken:
            raise NpgptError(
                f"the name {name!r} is that of the {kind} of {taken[0].distribution}: use another"
            )

    @property
    def try_it(self) -> str:
        """A command that uses the part."""
        more = {"exercise": (), "command": ("RUN",)}.get(self.kind, ("--preset", "tiny"))
        return command(*used_by(self.kind), self.name, *more)

    @property
    def substitutions(self) -> dict[str, str]:
        """What stands for what in the templates."""
        kind = registry.KINDS[self.kind]
        stem = self.name.removesuffix(f"-{self.kind}")
        class_name = "".join(map(str.capitalize, (*stem.split("-"), self.kind)))
        identifier = f"{stem.replace('-', '_')}_command"  # no keyword, nor a name in use
        minor = ".".join((*__version__.split(".")[:2], "0"))
        requires = [f"npgpt-core~={minor}", *kind.requires]
        values = {
            "kind": kind.name,
            "hook": kind.hook,
            "name": self.name,
            "distribution": self.distribution,
            "package": self.distribution.replace("-", "_"),
            "identifier": identifier,
            "class_name": class_name,
            "attribute": {"command": identifier, "exercise": "EXERCISES"}.get(
                self.kind, class_name
            ),
            "minor": minor,
            "api": str(PLUGIN_API),
            "try_it": self.try_it,
        }
        values["requires"] = ", ".join(f'"{Template(r).substitute(values)}"' for r in requires)
        return values

    def render(self) -> dict[str, str]:
        """Path inside the package -> text of each file."""
        values = self.substitutions
        templates = files("npgpt_cli") / "templates"
        rendered = {}
        for root in (templates / "package", templates / self.kind):
            for path, text in _files(root, PurePosixPath()):
                target = Template(str(path).removesuffix(SUFFIX)).substitute(values)
                rendered[target] = Template(text).substitute(values)
        return rendered

    def write(self, folder: Path) -> list[Path]:
        """Make the folder, and give the files in it.

        Raises:
            NpgptError: the folder exists, or cannot be written.
        """
        rendered = self.render()
        try:
            folder.mkdir(parents=True)
            for name, text in rendered.items():
                path = folder / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
        except FileExistsError as error:
            raise NpgptError(
                f"{folder} exists already: move it, or choose another --out"
            ) from error
        except OSError as error:
            raise NpgptError(f"cannot write {folder}: {error.strerror}") from error
        return [folder / name for name in sorted(rendered)]


def _files(folder: Traversable, path: PurePosixPath) -> Iterator[tuple[PurePosixPath, str]]:
    """Yield the path below ``folder`` and the text of each template in it."""
    for entry in folder.iterdir():
        if entry.is_dir():
            yield from _files(entry, path / entry.name)
        elif entry.name.endswith(SUFFIX):
            yield path / entry.name, entry.read_text(encoding="utf-8")
