"""The password for a back office, from where no list of processes and no history of a shell shows it."""

import os
from pathlib import Path
from urllib.parse import SplitResult, quote, urlsplit

from evc5.rigs import user_files
from evc5.rigs.errors import BadInput

PASSWORD = "EVC5_CSMS_PASSWORD"  # the environment variable
MOST_BYTES = 1000  # of a password's file


def with_password(url: str | None, file: Path | None) -> str | None:
    """The URL with the password of the file, else of the environment; its user, or else the identity, stays.

    BadInput where a file has nobody to be used for, cannot be read, or the URL has a password already.
    """
    if file is None and (url is None or PASSWORD not in os.environ):
        return url
    source = f"--password-file {file}" if file is not None else f"${PASSWORD}"
    if url is None:
        raise BadInput(f"{source} must come with --csms")
    password = os.environ[PASSWORD] if file is None else _read(file)
    if not password:
        raise BadInput(f"{source} must not be empty")
    parts = urlsplit(url)
    if parts.password:
        raise BadInput(f"{source} must stand alone: the URL of --csms has a password already")
    place = f"{parts.username or ''}:{quote(password, safe='')}@{parts.netloc.rpartition('@')[2]}"
    return SplitResult(*parts)._replace(netloc=place).geturl()


def _read(file: Path) -> str:
    """The first line, without its end."""
    try:
        text = user_files.content(file, MOST_BYTES, pipes=True).decode()
    except OSError as error:
        raise BadInput(f"--password-file {file}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise BadInput(f"--password-file {file} must be text in UTF-8") from None
    return text.partition("\n")[0].rstrip("\r")
