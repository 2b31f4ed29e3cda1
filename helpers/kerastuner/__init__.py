"""Every private name of KerasTuner that the course touches, each behind a public function.

KerasTuner offers no public way to write its files safely, to look up a trial in a running chief, or
to know beforehand what Hyperband will do. What is used here belongs to one release, which
`requirements-common.txt` pins. The tests notice when another release differs.
"""

from helpers.kerastuner.chief import PortTakenError, improve_chief
from helpers.kerastuner.client import ChiefGoneError, make_client_patient
from helpers.kerastuner.farewells import accept_farewells, say_farewell
from helpers.kerastuner.oracles import (
    BoundMinimisingOracle,
    DeclarationRecorder,
    hyperband_budget,
    is_exhausted,
    keeps_books,
    replace_writers,
)
from helpers.kerastuner.processes import count_statuses, is_chief
from helpers.kerastuner.trainings import (
    checkpoint_file,
    find_saver,
    is_at_work,
    may_be_promoted,
    replace_training,
    trained_from,
    trains_with_plain_fit,
)
from helpers.kerastuner.tuners import build_model
from helpers.kerastuner.version import TESTED, check_version

__all__ = [
    "TESTED",
    "BoundMinimisingOracle",
    "ChiefGoneError",
    "DeclarationRecorder",
    "PortTakenError",
    "accept_farewells",
    "build_model",
    "check_version",
    "checkpoint_file",
    "count_statuses",
    "find_saver",
    "hyperband_budget",
    "improve_chief",
    "is_at_work",
    "is_chief",
    "is_exhausted",
    "keeps_books",
    "make_client_patient",
    "may_be_promoted",
    "replace_training",
    "replace_writers",
    "say_farewell",
    "trained_from",
    "trains_with_plain_fit",
]

check_version()
