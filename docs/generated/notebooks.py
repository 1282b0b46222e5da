"""The notebooks as pages, executed when the pages are built, with what their cells show."""

import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = ROOT / "notebooks"
MOST_S = 600  # a cell

Pages = dict[str, str | bytes]  # by path below docs: text, or a picture


def pages() -> Iterator[Pages]:
    """Of each notebook its page and its pictures."""
    for path in sorted(NOTEBOOKS.glob("*.ipynb")):
        yield rendered(path)


def rendered(path: Path) -> Pages:
    """One notebook, executed in a directory of its own."""
    import nbformat
    from nbconvert import MarkdownExporter
    from nbconvert.preprocessors import ExecutePreprocessor

    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as folder:
        ExecutePreprocessor(timeout=MOST_S).preprocess(notebook, {"metadata": {"path": folder}})
    key = {"unique_key": path.stem, "output_files_dir": "."}
    text, resources = MarkdownExporter().from_notebook_node(notebook, key)
    pictures = {f"notebooks/{name}": content for name, content in resources["outputs"].items()}
    return {f"notebooks/{path.stem}.md": _tidied(text), **pictures}


def _tidied(text: str) -> str:
    """Tables in the look of the pages instead of Jupyter's, and pictures beside the page."""
    plain = re.sub(r"<style scoped>.*?</style>\n", "", text, flags=re.DOTALL)
    return plain.replace('<table border="1" class="dataframe">', "<table>").replace("](./", "](")
