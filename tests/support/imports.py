"""The rules about who may import what in `helpers/`, and which names stand in one place only."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

# Imports point upward in this list only. The figures know no tuner, and the game needs one, so
# they stand above it.
ROOMS = (
    "lazy",
    "files",
    "locks",
    "display",
    "budget",
    "plots",
    "kerastuner",
    "data",
    "models",
    "search",
    "preflight",
    "bank",
    "cluster",
)
KERASTUNERS_OWN = re.compile(r"\b(oracle|tuner|client|trial|hp)\._[a-z]\w*")
LONGEST = 210  # lines of a module
# A text that only one module may hold, and why it is there.
IN_ONE_PLACE = {
    "os.replace": "files.py",
    "PYTEST_VERSION": "display.py",
    "keras_tuner.src": "kerastuner",
    "COURSE_BUDGET": "budget.py",
}


def breaches(helpers: Path) -> list[str]:
    """Returns one sentence for each breach of a rule in a copy of `helpers/`."""
    modules = {path: ast.parse(path.read_text(encoding="utf-8")) for path in _modules(helpers)}
    found = [sentence for path in modules for sentence in _breaches_of(path, helpers, modules)]
    return [*found, *_circles(helpers, modules)]


def _modules(helpers: Path) -> list[Path]:
    return sorted(path for path in helpers.rglob("*.py") if path != helpers / "__init__.py")


def _breaches_of(path: Path, helpers: Path, modules: dict[Path, ast.Module]) -> Iterator[str]:
    name, text = path.relative_to(helpers).as_posix(), path.read_text(encoding="utf-8")
    if text.count("\n") > LONGEST:
        yield f"{name} has {text.count(chr(10))} lines"
    for words, owner in IN_ONE_PLACE.items():
        if words in text and name != owner and _room(name) != owner:
            yield f"{name} holds {words}, which belongs into {owner}"
    room = _room(name)
    if room != "kerastuner" and (private := KERASTUNERS_OWN.search(text)):
        yield f"{name} uses KerasTuner's own {private[0]}"
    if room not in ROOMS:
        yield f"{name} is in no room of the list"
        return
    for imported, names in _imports(modules[path]):
        other = imported.split(".")[1]
        if other in ROOMS and ROOMS.index(other) > ROOMS.index(room):
            yield f"{name} imports {imported}, which is further down"
        if private := [one for one in names if one.startswith("_") and one != "__main__"]:
            yield f"{name} imports {', '.join(private)} of {imported}"


def _room(name: str) -> str:
    return name.split("/")[0].removesuffix(".py")


def _imports(tree: ast.AST) -> Iterator[tuple[str, list[str]]]:
    """Yields (module of helpers, names taken from it), also of imports inside functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = [alias.name for alias in node.names]
            if node.module == "helpers":
                yield from ((f"helpers.{name}", []) for name in names)
            elif node.module.startswith("helpers."):
                yield node.module, names


def _circles(helpers: Path, modules: dict[Path, ast.Module]) -> list[str]:
    """Returns the circles of imports at the top of modules; those for type checkers don't count."""
    names = {_module_name(path, helpers): path for path in modules}
    needs: dict[str, set[str]] = {}
    for name, path in names.items():
        top = ast.Module([n for n in modules[path].body if not isinstance(n, ast.If)], [])
        needs[name] = set()
        for module, taken in _imports_at_top(top):
            found = {f"{module}.{one}" for one in taken} & set(names) or {module}
            needs[name] |= found & set(names)
    return [
        f"{name} imports itself, by way of others"
        for name in needs
        if name in _reached(name, needs)
    ]


def _imports_at_top(tree: ast.Module) -> Iterator[tuple[str, list[str]]]:
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("helpers"):
            yield node.module or "", [alias.name for alias in node.names]


def _module_name(path: Path, helpers: Path) -> str:
    parts = path.relative_to(helpers.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _reached(name: str, needs: dict[str, set[str]]) -> set[str]:
    reached: set[str] = set()
    waiting = set(needs[name])
    while waiting:
        one = waiting.pop()
        reached.add(one)
        waiting |= needs[one] - reached
    return reached


def drawing(helpers: Path) -> str:
    """Returns which room imports which, in Mermaid's language, in the order of ROOMS."""
    needs: dict[str, set[str]] = {room: set() for room in ROOMS}
    for path in _modules(helpers):
        room = _room(path.relative_to(helpers).as_posix())
        tree = ast.parse(path.read_text(encoding="utf-8"))
        needs[room] |= {module.split(".")[1] for module, _ in _imports(tree)}
    lines = ["graph LR"]
    for room in ROOMS:
        others = sorted(needs[room] & set(ROOMS) - {room}, key=ROOMS.index)
        lines += [f"    {room} --> {other}" for other in others] or [f"    {room}"]
    return "\n".join(lines)
