"""The error for images that are not available."""


class DataError(Exception):
    """The images are not available. The message says why, and what to do about it."""
