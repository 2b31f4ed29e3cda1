"""Names that a package offers, and that are imported only when somebody first uses them."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazily(
    package: str, owners: Mapping[str, str]
) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Returns what `package` has to call `__getattr__` and `__dir__` (PEP 562).

    Args:
        package: The `__name__` of the package.
        owners: For each name that it offers, which of its modules defines it.

    Returns:
        A function that imports the owner of a name and returns what the name means there, and one
        that lists the names, so that completion works before anything is imported. The first
        raises AttributeError for any other name, as a module does.
    """

    def get(name: str) -> Any:
        if name not in owners:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(f"{package}.{owners[name]}"), name)

    return get, lambda: sorted(owners)
