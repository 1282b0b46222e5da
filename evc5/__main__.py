"""python -m evc5 is the command evc5."""

import sys

INTERRUPTED = 130  # as the command's own


def main() -> int:
    """The command; Ctrl-C ends it in silence while its modules are still loading, too."""
    try:
        from evc5.rigs.command.cli import main as command

        return command()
    except KeyboardInterrupt:
        return INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
