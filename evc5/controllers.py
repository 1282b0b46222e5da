"""Controllers for `Rig.run(controller=…)`: what one sees, those that are shipped, a table of several."""

from evc5.rigs.controllers.acn import AcnAlgorithm, SessionInfo
from evc5.rigs.controllers.shipped import CheapestHours, Guess, LeastLaxity, equal_share, uncontrolled
from evc5.rigs.controllers.view import Controller, Limits, Session, View
from evc5.rigs.sweep.contest import contest

__all__ = [
    "AcnAlgorithm",
    "CheapestHours",
    "Controller",
    "Guess",
    "LeastLaxity",
    "Limits",
    "Session",
    "SessionInfo",
    "View",
    "contest",
    "equal_share",
    "uncontrolled",
]
