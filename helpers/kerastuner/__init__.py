"""Every private name of KerasTuner that the course touches, each behind a public function.

KerasTuner offers no public way to write its files safely, to look a trial up in a running chief, or
to know beforehand what Hyperband will do. What is used here belongs to one release, which
`requirements.txt` pins; the tests notice when another one differs.
"""

from helpers.kerastuner.oracles import (
    BoundMinimisingOracle,
    DeclarationRecorder,
    hyperband_budget,
    is_exhausted,
    keeps_books,
    replace_writers,
)
from helpers.kerastuner.processes import (
    ChiefGoneError,
    chief_address,
    count_statuses,
    end_chief_on_error,
    end_chief_promptly,
    is_chief,
    is_worker,
    make_client_patient,
)
from helpers.kerastuner.tuners import build_model
from helpers.kerastuner.version import TESTED, check_version

__all__ = [
    "TESTED",
    "BoundMinimisingOracle",
    "ChiefGoneError",
    "DeclarationRecorder",
    "build_model",
    "chief_address",
    "check_version",
    "count_statuses",
    "end_chief_on_error",
    "end_chief_promptly",
    "hyperband_budget",
    "is_chief",
    "is_exhausted",
    "is_worker",
    "keeps_books",
    "make_client_patient",
    "replace_writers",
]

check_version()
