"""What the pages show is what happens, and what is generated has everything in it."""

import re
from pathlib import Path

import pytest
from generated import PAGES
from generated.examples import examples, play
from places import ROOT

WRITTEN = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md"))
WITH_EXAMPLES = [name for name in WRITTEN if examples((ROOT / name).read_text("utf-8"))]


@pytest.mark.slow
@pytest.mark.parametrize("name", WITH_EXAMPLES)
def test_every_example_of_a_page_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    markdown = (ROOT / name).read_text("utf-8")
    runnable = [one for one in examples(markdown) if one.title or one.language in ("python", "sh")]
    assert play(markdown) == len(runnable)


def test_most_written_pages_have_examples() -> None:
    """A page whose fences no longer parse would be passed over in silence."""
    fenced = [name for name in WRITTEN if "```" in (ROOT / name).read_text("utf-8")]
    assert fenced == WITH_EXAMPLES
    for name in fenced:
        text = (ROOT / name).read_text("utf-8")
        assert 2 * len(examples(text)) == len(re.findall(r"^```", text, re.MULTILINE)), name


@pytest.mark.parametrize("path", PAGES)
def test_a_generated_page_is_whole(path: str) -> None:
    text = PAGES[path]()
    assert text.startswith("# ") and len(text) > 500
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert not any("| None |" in row for row in rows)
