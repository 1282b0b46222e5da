"""python -m rigs is evc5."""

import sys

from rigs.cli import main

sys.exit(main())
