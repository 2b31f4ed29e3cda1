"""tools/quiet_kernels.py on environments that are folders, and what a kernel makes of its file."""

import sys
from pathlib import Path

import pytest
from ipykernel.kernelapp import IPKernelApp
from IPython.core import application

from tools import quiet_kernels


def test_a_kernel_reads_the_configuration_and_leaves_stderr_to_the_terminal(tmp_path, monkeypatch):
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "own"))
    assert IPKernelApp().capture_fd_output, "it would not, by itself"
    assert quiet_kernels.quieten(tmp_path)
    configuration = tmp_path / "etc" / "ipython"
    # Where IPython looks in an environment.
    (folder,) = application.ENV_CONFIG_DIRS
    assert Path(folder) == Path(sys.prefix) / configuration.relative_to(tmp_path)
    app = IPKernelApp()
    app.config_file_paths = [str(configuration)]
    app.load_config_file()
    assert not app.capture_fd_output


def test_a_configuration_that_is_there_is_kept(tmp_path):
    quiet_kernels.quieten(tmp_path)
    (path,) = tmp_path.rglob("ipython_kernel_config.py")
    path.write_text("# mine")
    assert quiet_kernels.quieten(tmp_path)
    assert path.read_text() == "# mine"


def test_an_environment_that_can_not_be_written_is_left_as_it_is(tmp_path):
    (tmp_path / "etc").write_text("a file where a folder would have to be")
    assert not quiet_kernels.quieten(tmp_path)


@pytest.mark.parametrize(
    ("prefix", "base_prefix", "own"),
    [
        ("/home/ada/course/.venv", "/usr", True),
        ("/opt/conda/envs/keras-tuning-course", "/opt/conda/envs/keras-tuning-course", True),
        ("/opt/conda", "/opt/conda", False),
        ("/usr", "/usr", False),
    ],
    ids=["virtual", "conda's, by name", "conda's base", "the system's"],
)
def test_only_an_environment_of_its_own_is_configured(
    tmp_path, monkeypatch, prefix, base_prefix, own
):
    asked = []
    monkeypatch.setattr(quiet_kernels, "quieten", asked.append)
    monkeypatch.setattr(sys, "prefix", prefix)
    monkeypatch.setattr(sys, "base_prefix", base_prefix)
    quiet_kernels.main()
    assert asked == ([Path(prefix)] if own else [])
