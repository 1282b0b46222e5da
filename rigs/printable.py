"""What comes from outside, as a terminal, a page, a document or a file name may show it."""

import re
from collections.abc import Mapping
from typing import Any

# XML 1.0, 2.2; compiled where it is used, which few commands do: it takes 9 ms
NOT_XML = "[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]"
MARKDOWN = re.compile(r"([\\`*\[\]<>&|~#]|(?<!\w)_|_(?!\w))")  # what begins or ends anything; GFM 0.29


def printable(text: str) -> str:
    """Text with whatever is not to be looked at (controls, line breaks, what turns text) written out."""
    return text if text.isprintable() else "".join(c if c.isprintable() else _written_out(c) for c in text)


def printable_lines(text: str) -> str:
    """The same for a text of several lines, which stay lines."""
    return text if text.isprintable() else "\n".join(map(printable, text.split("\n")))


def printable_tree(value: Any) -> Any:
    """The same for every text in a value as JSON has them."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, Mapping):
        return {printable(str(key)): printable_tree(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [printable_tree(item) for item in value]
    return value


def in_xml(text: str) -> str:
    """One line of what XML can carry, to be escaped by whoever writes the document."""
    return printable(re.sub(NOT_XML, "\N{REPLACEMENT CHARACTER}", text))


def in_html(text: str) -> str:
    """One line as it stands between the tags of a page, or within the quotes of an attribute."""
    from html import escape  # loads each entity that has a name, which few commands need

    return escape(printable(text), quote=True)


def in_markdown(text: str) -> str:
    """One line of Markdown that shows the text and nothing else: no link, no picture, no tag."""
    return MARKDOWN.sub(r"\\\1", printable(text))


def fenced(lines: list[str]) -> list[str]:
    """The lines as a block of code, which none of them ends."""
    shown = [printable(line) for line in lines]
    longest = max((len(run) for line in shown for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return [fence, *shown, fence]


def _written_out(char: str) -> str:
    return char.encode("unicode_escape").decode()
