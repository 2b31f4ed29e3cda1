"""The only error that this package raises."""


class ClusterError(Exception):
    """A search in several processes can't begin or can't go on; the message says why."""
