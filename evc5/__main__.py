"""python -m evc5 is the command evc5."""

import sys

from evc5.rigs.command.cli import main

sys.exit(main())
