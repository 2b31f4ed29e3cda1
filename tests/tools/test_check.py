"""The plugin of `make check` on files that need TensorFlow, and on one that only seems not to."""

import os
import subprocess
import sys

import pytest

from tests.support import without_tensorflow
from tests.support.without_tensorflow import ROOT


@pytest.mark.parametrize("name", sorted(without_tensorflow.LIBRARIES))
def test_an_import_says_how_to_mark_the_test(name):
    with pytest.raises(ImportError, match=f"{name} is imported: mark this test"):
        without_tensorflow.Refusal().find_spec(name, None)
    assert without_tensorflow.Refusal().find_spec(f"{name}_like", None) is None


def test_it_leaves_out_other_folders_marked_files_and_notebooks(tmp_path, monkeypatch):
    monkeypatch.setattr(without_tensorflow, "ROOT", tmp_path)

    def is_left_out(path, text=""):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        return bool(without_tensorflow.pytest_ignore_collect(tmp_path / path))

    assert not is_left_out("tests/tools/test_a.py")
    assert not is_left_out("tests/tools/test_a.py", "@pytest.mark.tensorflow\ndef test_b(): pass")
    assert is_left_out("tests/tools/test_a.py", "import x\n\npytestmark = pytest.mark.tensorflow\n")
    several = "pytestmark = [\n    pytest.mark.timeout(9),\n    pytest.mark.tensorflow,\n]\n"
    assert is_left_out("tests/tools/test_a.py", several)
    other = "pytestmark = [\n    pytest.mark.timeout(9),\n]\n\n@pytest.mark.tensorflow\n"
    assert not is_left_out("tests/tools/test_a.py", other)
    assert is_left_out("tests/helpers/bank/test_a.py") and not is_left_out(
        "tests/helpers/test_a.py"
    )
    assert is_left_out("notebooks/01_a.ipynb")
    folders = {
        path: bool(without_tensorflow.pytest_ignore_collect(tmp_path / path))
        for path in ("tests", "tests/tools", "tests/helpers", "tests/helpers/bank", "notebooks")
    }
    assert folders == {
        "tests": False,
        "tests/tools": False,
        "tests/helpers": False,
        "tests/helpers/bank": True,
        "notebooks": True,
    }


def test_every_folder_that_it_keeps_is_there():
    assert all((ROOT / folder).is_dir() for folder in without_tensorflow.FOLDERS)


def test_a_test_that_needs_tensorflow_without_saying_so_fails(tmp_path):
    # A folder of its own stands in for one of the project's.
    (tmp_path / "test_a.py").write_text("def test_b():\n    import keras\n")
    plugin = "import sys; from tests.support import without_tensorflow as plugin; "
    plugin += "plugin.pytest_ignore_collect = lambda collection_path: None; "
    plugin += "import pytest; sys.exit(pytest.main(sys.argv[1:], plugins=[plugin]))"
    options = ["-c", os.devnull, "--rootdir", str(tmp_path), "-p", "no:cacheprovider", "-q"]
    done = subprocess.run(
        [sys.executable, "-c", plugin, *options, str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "mark this test, or its file, with pytest.mark.tensorflow" in done.stdout
