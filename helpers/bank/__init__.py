"""Recorded trials as a table, the searches that they answer, a game, and a class's own searches."""

from typing import TYPE_CHECKING

from helpers.lazy import lazily

if TYPE_CHECKING:  # for editors and type checkers
    from helpers.bank.errors import BankError as BankError
    from helpers.bank.game import BeatTheTuner as BeatTheTuner
    from helpers.bank.handed_in import PoolError as PoolError
    from helpers.bank.handing_in import hand_in as hand_in
    from helpers.bank.handing_in import own_seed as own_seed
    from helpers.bank.load import load_bank as load_bank
    from helpers.bank.recordings import RECORDINGS as RECORDINGS
    from helpers.bank.recordings import Recording as Recording
    from helpers.bank.table import Bank as Bank

_MODULES = {
    "Bank": "table",
    "BankError": "errors",
    "BeatTheTuner": "game",
    "PoolError": "handed_in",
    "RECORDINGS": "recordings",
    "Recording": "recordings",
    "hand_in": "handing_in",
    "load_bank": "load",
    "own_seed": "handing_in",
}

__all__ = list(_MODULES)

# Pooling the searches of a class needs no TensorFlow.
__getattr__, __dir__ = lazily(__name__, _MODULES)
