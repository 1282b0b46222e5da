"""Where things lie in the checkout."""

from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
ROOT = TESTS.parent
SPEC = TESTS / "spec"
VECTORS = TESTS / "vectors"
RECORDINGS = TESTS / "recordings"
CERTIFICATES = TESTS / "certificates"
