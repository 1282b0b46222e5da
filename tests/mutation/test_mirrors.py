"""Each module of the models and the twin has fast tests to try its mutants on, or says why it needs none."""

import pytest
from mirrors import EXEMPT, TESTS
from places import ROOT

MODULES = {
    str(path.relative_to(ROOT).with_suffix(""))
    for room in ("models", "twin")
    for path in (ROOT / room).rglob("*.py")
    if path.stem != "__init__"
}


def test_each_module_has_a_row_or_a_reason() -> None:
    assert {*TESTS, *EXEMPT} == MODULES and not set(TESTS) & set(EXEMPT)


@pytest.mark.parametrize("module", sorted(TESTS))
def test_the_tests_of_a_row_exist_and_one_of_them_is_fast(module: str) -> None:
    texts = [(ROOT / "tests" / f"{name}.py").read_text(encoding="utf-8") for name in TESTS[module].split()]
    assert any(text.count("def test_") > text.count("mark.slow") for text in texts)
