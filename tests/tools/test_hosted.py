"""Parts of tools/hosted.py; test_first_cell.py runs it as a whole."""

import ast
import sys
from importlib import metadata

import nbformat
import pytest
from IPython.core.inputtransformer2 import TransformerManager
from packaging.requirements import Requirement

from tests.support.notebook_cells import FOLDER
from tools import hosted, notebooks

ROOT = FOLDER.parent
# TensorFlow brings Keras, KerasTuner brings its old name, and every kernel has IPython.
COME_ALONG = {"keras", "kt-legacy", "ipython"}
needs_tensorflow = pytest.mark.skipif(
    not list(metadata.distributions(name="tensorflow")),
    reason="servers get the list with TensorFlow, and this lane has the one with JAX",
)


@pytest.fixture
def lessons():
    return hosted.lessons(ROOT)


def test_each_kind_of_server_is_known_by_its_variable():
    assert [hosted.server({name: ""}) for name in hosted.SERVERS] == list(hosted.SERVERS.values())
    assert hosted.server({"HOME": "/home/me"}) is None


@pytest.mark.parametrize(("version", "right"), [("3.9.2", 0), ("3.10.0", 1), ("3.14.0rc1", 0)])
def test_a_python_that_the_course_does_not_support_is_named(version, right):
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    if right:
        return hosted.check_python(text, version)
    with pytest.raises(hosted.HostedError, match=rf"needs Python >=3.10.*is {version}"):
        hosted.check_python(text, version)


def imported(source):
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


@needs_tensorflow
def test_the_part_of_the_list_that_servers_install_has_all_that_helpers_and_notebooks_use(lessons):
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "helpers").rglob("*.py")]
    for path in FOLDER.glob("*.ipynb"):
        for cell in notebooks.code_cells(nbformat.read(path, as_version=4)):
            magic, _, rest = cell.source.partition("\n")
            plain = rest if magic.startswith("%%writefile") else cell.source
            sources.append(TransformerManager().transform_cell(plain))
    used = {name for source in sources for name in imported(source)}
    used -= {*sys.stdlib_module_names, "helpers", "long_search"}
    owners = metadata.packages_distributions()
    listed = {one.name for one in lessons} | COME_ALONG
    assert {name for name in used if not listed & {one.lower() for one in owners[name]}} == set()
    assert {"tensorflow", "keras-tuner"} <= listed and "jupyterlab" not in listed


def test_a_package_that_was_in_use_when_it_was_replaced_asks_for_a_restart(tmp_path, monkeypatch):
    def install(needed):
        installed = tmp_path / "course_stub-0.9.dist-info"
        (installed / "METADATA").write_text("Name: course-stub\nVersion: 1.0\n")
        installed.rename(tmp_path / "course_stub-1.0.dist-info")

    (tmp_path / "course_stub.py").write_text("")
    (tmp_path / "course_stub-0.9.dist-info").mkdir()
    about = {"METADATA": "Name: course-stub\nVersion: 0.9\n", "top_level.txt": "course_stub\n"}
    for name, text in about.items():
        (tmp_path / "course_stub-0.9.dist-info" / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(hosted, "lessons", lambda root: [Requirement("course-stub>=1")])
    monkeypatch.setattr(hosted, "install", install)
    monkeypatch.setitem(hosted.os.environ, "JUPYTERHUB_USER", "student")
    monkeypatch.setattr(hosted, "make_importable", lambda root: None)
    monkeypatch.setitem(sys.modules, "course_stub", sys)
    with pytest.raises(hosted.HostedError, match="^course-stub had been in use .*restart"):
        hosted.main()
    hosted.main()


@needs_tensorflow
def test_nothing_is_missing_where_the_course_is_installed(lessons):
    assert hosted.missing(lessons) == []


@pytest.mark.parametrize(
    ("installed", "expected"),
    [
        ("2.21.0", []),
        ("2.18.1", []),  # what Macs have
        ("2.17.0", ["==2.21.*"]),
        (None, ["==2.21.*"]),
    ],
)
def test_a_servers_own_tensorflow_is_kept_if_the_course_uses_it_anywhere(
    installed, expected, monkeypatch
):
    def version(name):
        if installed is None:
            raise metadata.PackageNotFoundError(name)
        return installed

    monkeypatch.setattr(hosted.metadata, "version", version)
    needed = [
        Requirement('tensorflow==2.21.*; python_version >= "3"'),
        Requirement('tensorflow>=2.18,<2.20; python_version < "3"'),
    ]
    assert [str(one.specifier) for one in hosted.missing(needed)] == expected
