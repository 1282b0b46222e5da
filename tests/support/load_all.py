"""Loads every module of the product, as a process of its own would."""

import sys
from collections import Counter
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

FOLDERS = ("evc5", "models", "twin", "rigs")
NEEDS_MORE = ("evc5.rigs.speed.acn_sim", "evc5.rigs.data", "evc5.rigs.examples", "evc5.pytest_plugin")


def ours(path: Path, root: str) -> bool:
    """Is it a file of the checkout's, by whichever way it is reached, and not of an environment inside it?"""
    return any(path.resolve().is_relative_to(Path(root, folder)) for folder in FOLDERS)


def check(root: str) -> None:
    """AssertionError where a file is loaded twice, or under a name that a user's folder may have."""
    import evc5

    for found in walk_packages(evc5.__path__, "evc5."):
        if not found.name.startswith(NEEDS_MORE) and not found.name.endswith("__main__"):
            import_module(found.name)
    files = Counter(
        Path(module.__file__).resolve()
        for module in list(sys.modules.values())
        if getattr(module, "__file__", None) and ours(Path(module.__file__), root)
    )
    assert len(files) > 200
    assert [path for path, count in files.items() if count > 1] == []
    assert {name.partition(".")[0] for name in sys.modules} & {"models", "twin", "rigs"} == set()
