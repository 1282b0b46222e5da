"""The little Markdown that generated pages are made of."""

import re
from collections.abc import Iterable


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table; a cell's line breaks and bars are kept."""
    lines = [list(head), *([cell(text) for text in row] for row in rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", "<br>")


def code(text: object) -> str:
    return f"`{text}`" if str(text) else ""


def page(title: str, *parts: str) -> str:
    return "\n\n".join([f"# {title}", *(part.strip() for part in parts if part.strip())]) + "\n"


def prose(text: str) -> str:
    """A phrase of the code's as a sentence: its brackets are no links, its angles no tags."""
    if re.match(r"[a-z]+[ ,;:]", text):  # a word, and no name
        text = text[0].upper() + text[1:]
    return text.replace("[", "\\[").replace("<", "&lt;")


def first_sentence(docstring: str | None) -> str:
    text = " ".join((docstring or "").split("\n\n")[0].split())
    return text
