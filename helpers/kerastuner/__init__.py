"""Every private name of KerasTuner that the course touches, each behind a public function.

KerasTuner offers no public way to write its files safely, to look a trial up in a running chief, or
to know beforehand what Hyperband will do. What is used here belongs to one release, which
`requirements.txt` pins; the tests notice when another one differs.
"""

from helpers.kerastuner.chief import PortTakenError, improve_chief
from helpers.kerastuner.client import ChiefGoneError, make_client_patient
from helpers.kerastuner.oracles import (
    BoundMinimisingOracle,
    DeclarationRecorder,
    hyperband_budget,
    is_exhausted,
    keeps_books,
    replace_writers,
)
from helpers.kerastuner.processes import count_statuses, is_chief
from helpers.kerastuner.tuners import build_model
from helpers.kerastuner.version import TESTED, check_version

__all__ = [
    "TESTED",
    "BoundMinimisingOracle",
    "ChiefGoneError",
    "DeclarationRecorder",
    "PortTakenError",
    "build_model",
    "check_version",
    "count_statuses",
    "hyperband_budget",
    "improve_chief",
    "is_chief",
    "is_exhausted",
    "keeps_books",
    "make_client_patient",
    "replace_writers",
]

check_version()
