"""Packs self-checks so that their source can't be read, and finds what a cell needs from others."""

import ast
import base64
import symtable
import zlib
from collections.abc import Collection, Iterator, Sequence

from IPython.core.inputtransformer2 import TransformerManager

# A traceback quotes the two lines above the call along with it.
TEMPLATE = """\
# Self-check of {exercise}: run this cell. It is packed, since its text would show the answer.
packed = "{text}"
import base64
import zlib

exec(zlib.decompress(base64.b64decode(packed)))
{call}"""


def packed(source: str, needed: Sequence[str], exercise: str) -> str:
    """Return a cell that does what the self-check `source` does but can't be read.

    Its last statement, which shows what the check says, stays as it is. The statements `needed`
    are packed before the check.
    """
    definitions, call = parts(source)
    hidden = "\n\n\n".join([*needed, definitions])
    text = base64.b64encode(zlib.compress(hidden.encode(), 9)).decode()
    return TEMPLATE.format(exercise=exercise, text=text, call=call)


def parts(source: str) -> tuple[str, str]:
    """Return the text of a cell before its last statement, and that statement."""
    *_, last = ast.parse(source).body
    lines = source.splitlines()
    return "\n".join(lines[: last.lineno - 1]).rstrip(), "\n".join(lines[last.lineno - 1 :])


def unpacked(source: str) -> str:
    """Return the hidden text of what `packed` returned."""
    (assigned,) = (node for node in ast.parse(source).body if isinstance(node, ast.Assign))
    return zlib.decompress(base64.b64decode(ast.literal_eval(assigned.value))).decode()


def needed(source: str, others: Sequence[str], known: Collection[str]) -> list[str]:
    """Return the statements of the cells `others` that the cell `source` can't do without.

    They are in the order of the cells, and each comes with those that it needs itself. Names in
    `known` are defined elsewhere.
    """
    all_of_them = [found for other in others for found in statements(other)]
    wanted = used(source) - set(known)
    taken: set[int] = set()
    while True:
        more = {
            number
            for number, statement in enumerate(all_of_them)
            if number not in taken and defined(statement) & wanted
        }
        if not more:
            return [all_of_them[number] for number in sorted(taken)]
        taken |= more
        for number in more:
            wanted |= used(all_of_them[number]) - set(known)


def defined(source: str) -> set[str]:
    """Return the names that a cell assigns, imports or defines at its top level."""
    symbols = _table(source).get_symbols()
    return {one.get_name() for one in symbols if one.is_assigned() or one.is_imported()}


def used(source: str) -> set[str]:
    """Return the names that a cell takes from its namespace, including those in its functions."""
    top = _table(source)
    names = {one.get_name() for one in top.get_symbols() if one.is_referenced()}
    return names.union(
        one.get_name() for table in _below(top) for one in table.get_symbols() if one.is_global()
    )


def statements(source: str) -> list[str]:
    """Return the text of each statement at the top level of a cell."""
    return [ast.get_source_segment(source, node) or "" for node in ast.parse(source).body]


def _table(source: str) -> symtable.SymbolTable:
    plain = TransformerManager().transform_cell(source)  # without magics
    return symtable.symtable(plain, "cell", "exec")


def _below(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _below(child)
