"""Who charges when: the sessions a rig file names, reads from a table of real ones, or draws from a seed."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from random import Random

from rigs.errors import BadInput
from rigs.rigfile import Generator, RigFile, SessionEntry
