"""Import every module of one package, and hold its siblings against those it declares.

Run by tox's ``PACKAGE-alone`` environments, into which only declared siblings are installed.
"""

import importlib
import pkgutil
import re
import sys
from importlib import metadata


def main(environment: str) -> None:
    distribution = "npgpt-" + environment.removesuffix("-alone")
    requirements = metadata.requires(distribution) or []
    declared = {re.split(r"[^\w-]", r)[0] for r in requirements if "extra ==" not in r}
    declared |= {r for d in declared for r in _siblings(d)} | {distribution}
    installed = {d.metadata["Name"] for d in metadata.distributions()}
    siblings = {name for name in installed if name.startswith("npgpt-")}
    if siblings - declared:
        sys.exit(f"{distribution} declares {sorted(declared)}, installed are {sorted(siblings)}")
    package = importlib.import_module(distribution.replace("-", "_"))
    modules = [m.name for m in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
    for module in modules:
        importlib.import_module(module)
    for name in dir(package):
        getattr(package, name)
    print(f"{distribution}: {len(modules)} modules import beside {sorted(siblings)}")


def _siblings(distribution: str) -> set[str]:
    if not distribution.startswith("npgpt-"):
        return set()
    return {re.split(r"[^\w-]", r)[0] for r in metadata.requires(distribution) or []}


if __name__ == "__main__":
    main(sys.argv[1])
