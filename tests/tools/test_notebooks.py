"""tools/notebooks.py on small notebooks that need no TensorFlow."""

import base64
import json
import os
import subprocess
import sys

import nbformat
import pytest
from jupyter_client.kernelspec import KernelSpec

from tests.support.permissions import obeying
from tools import notebooks

PIXEL = base64.b64encode(b"\x89PNG not really").decode()


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A function that plants notebooks/NAME with the given cells and returns its path."""
    images = tmp_path / "images.npz"
    images.touch()
    monkeypatch.setenv("COURSE_DATA", str(images))
    monkeypatch.setenv("COURSE_BUDGET", "quick")
    folder = tmp_path / "notebooks"
    folder.mkdir()

    def plant(name, *cells):
        notebook = nbformat.v4.new_notebook(cells=list(cells))
        for number, cell in enumerate(notebook.cells):
            cell.id = f"cell-{number}"
        nbformat.write(notebook, folder / name)
        return folder / name

    return plant


def code(source, *tags):
    """A code cell as JupyterLab leaves it: with an output of an earlier run, and times."""
    old = nbformat.v4.new_output("stream", text="old\n")
    metadata = {"execution": {"shell.execute_reply": "2024-01-01T00:00:00Z"}}
    if tags:
        metadata["tags"] = list(tags)
    return nbformat.v4.new_code_cell(source, metadata=metadata, outputs=[old])


def call(command, path, *names):
    return notebooks.main([command, "--folder", str(path.parent), *names])


def texts(path):
    """The printed text of each code cell of the notebook at `path`."""
    cells = nbformat.read(path, as_version=4).cells
    return ["".join(o.get("text", "") for o in c.outputs) for c in cells if c.cell_type == "code"]


def test_run_writes_an_executed_copy_and_a_page_and_leaves_the_original(course, capsys):
    path = course(
        "01_a.ipynb", code("import os; print(os.getcwd())"), code("1 / 0", "raises-exception")
    )
    before = path.read_bytes()
    assert call("run", path) == 0
    build = path.parent.parent / "build"
    assert texts(build / path.name)[0].strip() == str(path.parent.resolve())
    assert "ZeroDivisionError" in (build / "01_a.html").read_text(encoding="utf-8")
    assert path.read_bytes() == before
    assert capsys.readouterr().out.startswith("01_a.ipynb ... ")


def test_run_stops_at_an_error_shows_the_cell_and_keeps_what_was_executed(course, capsys):
    path = course(
        "01_a.ipynb", code("print('before')"), code("width = 50\nwidth / 0"), code("print('after')")
    )
    course("02_b.ipynb", code("print('never')"))
    assert call("run", path) == 1
    printed = capsys.readouterr()
    assert "01_a.ipynb ... failed after" in printed.out and "02_b" not in printed.out
    assert "code cell 2 failed:\n    width = 50\n    width / 0\n" in printed.err
    assert "ZeroDivisionError: division by zero" in printed.err and "\x1b" not in printed.err
    build = path.parent.parent / "build"
    assert texts(build / path.name) == ["before\n", "", ""]
    assert (build / "01_a.html").exists() and not (build / "02_b.ipynb").exists()


def test_run_shows_the_cell_that_killed_its_kernel_and_the_last_words(course, capsys):
    path = course("01_a.ipynb", code("import os\nos.write(2, b'out of memory')\nos._exit(9)"))
    assert call("run", path) == 1
    cell, words, last = capsys.readouterr().err.partition("last words:")
    assert "code cell 1 failed:" in cell and "os._exit(9)" in cell
    assert words and "out of memory" in last


def test_run_tells_when_the_kernel_does_not_start(course, capsys, monkeypatch):
    broken = KernelSpec(argv=[sys.executable, "-c", "raise SystemExit('broken installation')"])
    monkeypatch.setattr(notebooks.ThisInterpreter, "kernel_spec", broken)
    assert call("run", course("01_a.ipynb", code("1"))) == 1
    error = capsys.readouterr().err
    assert "the kernel did not start" in error and "broken installation" in error


def test_run_takes_the_beginnings_of_names_and_refuses_an_unknown_one(course, capsys):
    course("01_a.ipynb", code("1"))
    path = course("02_b.ipynb", code("2"))
    assert call("run", path, "02") == 0
    assert capsys.readouterr().out.startswith("02_b.ipynb")
    assert call("run", path, "03") == 1
    assert "no notebook 03" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="folders have other permissions there")
@pytest.mark.parametrize("forbidden", ["notebooks", "build"])
def test_a_folder_that_may_not_be_written_is_named_before_anything_runs(course, forbidden):
    folder = course("01_a.ipynb", code("1")).parent
    place = folder.parent / forbidden
    place.mkdir(exist_ok=True)
    place.chmod(0o555)
    command = [sys.executable, notebooks.__file__, "run", "--folder", str(folder)]
    done = subprocess.run(obeying(*command), capture_output=True, text=True)
    assert done.returncode == 1 and done.stdout == ""
    assert f"you may not write into {place.resolve()}: copy the project" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_kernel_is_this_interpreter_whatever_the_user_calls_python3(
    course, tmp_path, monkeypatch
):
    spec = tmp_path / "jupyter" / "kernels" / "python3"
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(
        json.dumps({"argv": ["false"], "display_name": "mine", "language": "python"})
    )
    monkeypatch.setenv("JUPYTER_PATH", str(spec.parent.parent))
    path = course("01_a.ipynb", code("import sys; print(sys.executable)"))
    assert call("run", path) == 0
    assert os.path.samefile(
        texts(path.parent.parent / "build" / path.name)[0].strip(), notebooks.sys.executable
    )


def test_two_refreshes_write_the_same_bytes_at_the_lesson_budget(course):
    path = course(
        "01_a.ipynb",
        code("import os; print(os.environ['COURSE_BUDGET'])"),
        code("import time\nfor i in range(3): print(i, flush=True); time.sleep(0.1)"),
        code("{'b': 1}"),
    )
    assert call("refresh", path) == 0
    first = path.read_bytes()
    assert call("refresh", path) == 0
    assert path.read_bytes() == first
    assert texts(path)[:2] == ["lesson\n", "0\n1\n2\n"]
    assert len(nbformat.read(path, as_version=4).cells[1].outputs) == 1
    written = json.loads(first)
    assert written["metadata"] == notebooks.METADATA
    assert [cell["id"] for cell in written["cells"]] == ["cell-0", "cell-1", "cell-2"]
    assert all(cell["metadata"] == {} for cell in written["cells"])
    assert first.endswith(b"\n}\n") and b'\n "cells"' in first


def test_refresh_keeps_what_libraries_write_to_the_process_out_of_the_outputs(course, monkeypatch):
    # With this variable a kernel would not capture such lines in the first place.
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    path = course(
        "01_a.ipynb", code("import os; os.write(2, b'I0000 cudart_stub\\n'); print('ok')")
    )
    assert call("refresh", path) == 0
    assert texts(path) == ["ok\n"]


def test_refresh_drops_the_outputs_of_a_progress_display(course):
    show = "from IPython.display import display\ndisplay('40 %', metadata={'course': 'progress'})\n"
    path = course("01_a.ipynb", code(show + "display('kept')"))
    assert call("refresh", path) == 0
    (cell,) = nbformat.read(path, as_version=4).cells
    assert [output.data["text/plain"] for output in cell.outputs] == ["'kept'"]


def test_refresh_keeps_of_an_announced_error_what_is_the_same_everywhere(course):
    path = course("01_a.ipynb", code("import json; json.loads('[')", "raises-exception"))
    assert call("refresh", path) == 0
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.ename == "JSONDecodeError"
    assert output.traceback == [f"JSONDecodeError: {output.evalue}"]


@pytest.mark.parametrize(
    ("source", "cause"),
    [
        ("import sys; print('oh', file=sys.stderr)", "wrote to stderr:\noh"),
        ("1 / 0", "division by zero"),
    ],
    ids=["a cell that writes to stderr", "a cell that fails"],
)
def test_refresh_leaves_the_notebook_untouched_and_names(course, capsys, source, cause):
    path = course("01_a.ipynb", code("print('fine')"), code(source))
    before = path.read_bytes()
    assert call("refresh", path) == 1
    error = capsys.readouterr().err
    assert f"code cell 2 failed:\n    {source}\n" in error and cause in error
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("value", [None, "", "auto", "standin", "no/such.npz"])
def test_refresh_refuses_images_that_may_not_be_the_real_ones(course, capsys, monkeypatch, value):
    path = course("01_a.ipynb", code("1"))
    before = path.read_bytes()
    monkeypatch.delenv("COURSE_DATA")
    if value is not None:
        monkeypatch.setenv("COURSE_DATA", value)
    assert call("refresh", path) == 1
    assert "COURSE_DATA=cifar10" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_refresh_gives_the_kernel_a_path_that_holds_in_its_folder(course, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COURSE_DATA", "images.npz")
    path = course("01_a.ipynb", code("import os; print(os.path.exists(os.environ['COURSE_DATA']))"))
    assert call("refresh", path) == 0
    assert texts(path) == ["True\n"]


def test_refresh_writes_the_readme_figure_and_refuses_a_cell_without_one(course, capsys):
    show = "from IPython.display import display\n"
    show += f"display({{'image/png': '{PIXEL}'}}, raw=True)"
    path = course("04_a.ipynb", code(show, "readme-figure"))
    assert call("refresh", path) == 0
    figure = path.parent.parent / "docs" / "search.png"
    assert figure.read_bytes() == base64.b64decode(PIXEL)
    course("04_a.ipynb", code("'no figure'", "readme-figure"))
    assert call("refresh", path) == 1
    assert "shows no PNG" in capsys.readouterr().err
