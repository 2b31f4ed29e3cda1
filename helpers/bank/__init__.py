"""Recorded trials as a table, the searches that they answer, and a game."""

from helpers.bank.errors import BankError
from helpers.bank.game import BeatTheTuner
from helpers.bank.load import load_bank
from helpers.bank.recordings import RECORDINGS, Recording
from helpers.bank.table import Bank

__all__ = ["RECORDINGS", "Bank", "BankError", "BeatTheTuner", "Recording", "load_bank"]
