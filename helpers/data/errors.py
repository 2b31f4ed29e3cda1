"""The one error of this room."""


class DataError(Exception):
    """The images can't be had; the message says why, and what to do about it."""
