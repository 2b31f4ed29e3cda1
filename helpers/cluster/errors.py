"""The one error of this room."""


class ClusterError(Exception):
    """A search in several processes can't begin or can't go on; the message says why."""
