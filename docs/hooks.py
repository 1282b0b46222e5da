"""The pages that are made when the pages are built: from the code, and from what its commands print."""

import sys
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

sys.path.insert(0, str(Path(__file__).parent))  # for generated/, which needs no mkdocs

from generated import PAGES, notebooks, shown


def on_files(files: Files, config: Any) -> Files:
    for path, page in PAGES.items():
        files.append(File.generated(config, path, content=page()))
    for path, picture in shown.PICTURES.items():
        files.append(File.generated(config, path, content=picture()))
    for rendered in notebooks.pages():
        for path, content in rendered.items():
            files.append(File.generated(config, path, content=content))
    return files


def on_page_markdown(markdown: str, **_: Any) -> str:
    return shown.with_shown(markdown)
