import ast
import importlib
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import helpers
import helpers.bank
from tests.support.imports import breaches

HELPERS = Path(helpers.__file__).parent

# What is added to a module, and a part of what the rule says about it.
PLANTED = {
    "an import from further down": (
        "data/split.py",
        "from helpers.bank import load_bank",
        "data/split.py imports helpers.bank, which is further down",
    ),
    "an import from further down, inside a function": (
        "plots/style.py",
        "def late():\n    from helpers import search",
        "plots/style.py imports helpers.search, which is further down",
    ),
    "a circle within a room": (
        "data/cifar10.py",
        "from helpers.data.split import occurs_in",
        "helpers.data.cifar10 imports itself",
    ),
    "a private name of another module": (
        "search/table.py",
        "from helpers.search.mend import _is_json",
        "imports _is_json of helpers.search.mend",
    ),
    "KerasTuner's insides elsewhere": (
        "search/mend.py",
        "import keras_tuner.src.engine",
        "holds keras_tuner.src, which belongs into kerastuner",
    ),
    "a private method of an oracle": (
        "search/mend.py",
        "def f(oracle):\n    oracle._save_trial()",
        "uses KerasTuner's own oracle._save_trial",
    ),
    "a writer of its own": ("bank/load.py", "import os\nos.replace", "holds os.replace"),
    "a module that has grown": ("budget.py", "\n" * 250, "budget.py has 3"),
}


def test_the_rooms_import_upward_only_and_hold_each_fact_in_one_place():
    assert breaches(HELPERS) == []


@pytest.mark.parametrize("breach", PLANTED)
def test_the_rule_notices(breach, tmp_path):
    name, line, message = PLANTED[breach]
    copy = tmp_path / "helpers"
    shutil.copytree(HELPERS, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with open(copy / name, "a") as file:
        file.write(f"\n{line}\n")
    assert any(message in found for found in breaches(copy)), breaches(copy)


@pytest.mark.tensorflow
@pytest.mark.parametrize(
    ("package", "owners"), [(helpers, helpers._ROOMS), (helpers.bank, helpers.bank._MODULES)]
)
def test_every_lazy_name_is_there_and_editors_see_the_same_ones(package, owners):
    for name in package.__all__:
        assert getattr(package, name) is not None
    assert dir(package) == package.__all__ == sorted(package.__all__)
    tree = ast.parse(Path(package.__file__).read_text(encoding="utf-8"))
    (for_editors,) = (node for node in tree.body if isinstance(node, ast.If))
    seen = {alias.asname: node.module for node in for_editors.body for alias in node.names}
    assert seen == {name: f"{package.__name__}.{owner}" for name, owner in owners.items()}
    with pytest.raises(AttributeError, match=f"'{package.__name__}' has no attribute 'nonsense'"):
        package.nonsense  # noqa: B018


@pytest.mark.tensorflow
def test_every_room_lists_what_it_offers():
    for folder in HELPERS.iterdir():
        if (folder / "__init__.py").exists():
            room = importlib.import_module(f"helpers.{folder.name}")
            assert all(hasattr(room, name) for name in room.__all__)


def test_the_images_and_the_figures_come_without_waiting_for_keras():
    code = (
        "import sys, helpers; helpers.CLASS_NAMES, helpers.plot_trials; "
        "sys.exit('keras' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
