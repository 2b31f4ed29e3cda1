"""The one error of this room."""


class DataError(Exception):
    """The images are not available; the message says why, and what to do about it."""
