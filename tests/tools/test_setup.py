"""tools/setup.sh in a copy of the project, with interpreters, disks and installations that fail."""

import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from tests.support.permissions import obeying

pytestmark = pytest.mark.skipif(
    sys.platform == "win32",
    reason="setup.sh is for Linux and macOS; Windows has the plain commands",
)

ROOT = Path(__file__).resolve().parents[2]
SHELL = shutil.which("sh")
UTILITIES = ["awk", "cat", "cksum", "cp", "df", "dirname", "du", "grep", "mkdir", "rm", "sed"]

# Runs tools/check_python.py in an interpreter that was changed first, and makes a .venv with a pip
# and a uv that only write down what they were called for.
PYTHON = """#!/bin/sh
case $1 in
-m) "{real}" -m venv --without-pip "$3" && cp -R "{packages}"/* "$3"/lib/python3.*/site-packages/ ;;
*) exec "{real}" -c "{change}; import runpy; runpy.run_path('$1', run_name='__main__')" ;;
esac
"""
CHANGES = "import platform, subprocess, sys; sys._base_executable = '{shim}'; {change}"
PIP = """
import os, sys
if sys.argv[1:3] == ["config", "get"]:
    if not os.path.exists("pip-index"):
        sys.exit("no such key")
    print(open("pip-index").read())
elif sys.argv[-1] == "uv":
    sys.exit(os.path.exists("no-uv"))
elif "install" in sys.argv:
    with open("installations", "a") as log:
        print("pip", file=log)
"""
UV = """
import os, sys, time
with open("installations", "a") as log:
    print("uv", os.environ.get("UV_DEFAULT_INDEX", ""), file=log)
try:
    time.sleep(60 if os.path.exists("hang") else 0)
except KeyboardInterrupt:
    sys.exit(130)
sys.exit(os.path.exists("uv-fails"))
"""


class Project:
    """A copy of what set-up reads, in a folder whose name has spaces, with a PATH of its own."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "the course of a student"
        (self.path / "tools").mkdir(parents=True)
        for name in ["__init__.py", "setup.sh", "check_python.py", "quiet_kernels.py"]:
            shutil.copy(ROOT / "tools" / name, self.path / "tools")
        for name in ["requirements.txt", "requirements-jax.txt"]:
            (self.path / name).write_text("-r requirements-common.txt\n")
        (self.path / "requirements-common.txt").write_text("# nothing\n")
        (self.path / "pyproject.toml").write_text("")
        self.packages = folder / "packages"
        for name, source in [("pip", PIP), ("uv", UV)]:
            (self.packages / name).mkdir(parents=True)
            (self.packages / name / "__init__.py").touch()
            (self.packages / name / "__main__.py").write_text(source)
        self.bin = folder / "bin"
        self.bin.mkdir()
        for name in UTILITIES:
            (self.bin / name).symlink_to(shutil.which(name))
        self.command_line = [SHELL, "tools/setup.sh"]

    def forbid(self, folder: Path) -> None:
        """Let nobody write into `folder`, not even root from here on."""
        folder.chmod(0o555)
        self.command_line = obeying(*self.command_line)

    def command(self, name: str, script: str) -> Path:
        """Put an executable script on the PATH, in place of what has that name."""
        path = self.bin / name
        path.unlink(missing_ok=True)
        path.write_text(script)
        path.chmod(0o755)
        return path

    def python(self, name: str = "python3", change: str = "pass") -> Path:
        """Put an interpreter on the PATH in which the statement `change` was executed."""
        change = CHANGES.format(shim=self.bin / name, change=change)
        return self.command(
            name, PYTHON.format(real=sys.executable, packages=self.packages, change=change)
        )

    def disk(self, free_mb: int) -> None:
        """Let df report so much free space, on a file system with spaces in its name."""
        row = f"//host/my share 99999999 1 {free_mb * 1024} 99% /mnt/my share"
        self.command("df", f"#!/bin/sh\necho Filesystem Avail\necho '{row}'\n")

    def start(self, **variables: str) -> subprocess.Popen:
        return subprocess.Popen(
            self.command_line,
            cwd=self.path,
            env={"PATH": str(self.bin), "HOME": str(self.bin), **variables},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def refused(self, **variables: str) -> str:
        """Run set-up and return the one sentence with which it fails, having changed nothing."""
        before = sorted(self.path.rglob("*"))
        with self.start(**variables) as process:
            output, error = process.communicate()
        assert process.returncode != 0 and output == ""
        assert error.endswith(".\n") and error.count("\n") == 1 and ". " not in error
        assert sorted(self.path.rglob("*")) == before
        return error

    def set_up(self, **variables: str) -> str:
        """Run set-up, which succeeds, and return what it printed."""
        with self.start(**variables) as process:
            output, error = process.communicate()
        assert (process.returncode, error) == (0, "")
        return output

    def installers(self) -> list[str]:
        """What was called to install the requirements, in order: pip, or uv with its index."""
        log = self.path / "installations"
        return log.read_text().splitlines() if log.exists() else []

    def installations(self) -> int:
        """How often something was called to install the requirements."""
        return len(self.installers())


@pytest.fixture
def project(tmp_path):
    project = Project(tmp_path)
    project.disk(free_mb=10_000)
    return project


@pytest.fixture
def ready(project):
    """A project that is set up, with a mark in its .venv that a rebuilt one would not have."""
    project.python()
    project.set_up()
    (project.path / ".venv" / "mark").touch()
    return project


def wait_for(condition):
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def rebuilt(project):
    return not (project.path / ".venv" / "mark").exists()


# Those two are imported first, since they import other things on a Mac.
INTEL_MAC = "import ensurepip, venv; sys.platform = 'darwin'; platform.machine = lambda: 'x86_64'"
TRANSLATED = INTEL_MAC + "; subprocess.check_output = lambda command: b'1'"


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("sys.version_info = (2, 7, 18)", "but python3 is 2.7: install Python 3.12"),
        ("sys.version_info = (3, 9, 18)", "but python3 is 3.9: install Python 3.12"),
        ("sys.version_info = (3, 14, 0)", "but python3 is 3.14: install Python 3.12"),
        (f"sys.version_info = (3, 13, 0); {INTEL_MAC}", "but python3 is 3.13: install Python 3.12"),
        ("sys.modules['ensurepip'] = None", "has no venv module: install it"),
        ("sys.modules['venv'] = None", "has no venv module: install it"),
        ("sys.maxsize = 2**31 - 1", "is a 32-bit build"),
        ("sys.version += ' free-threading build'", "is not the standard build"),
        ("platform.python_implementation = lambda: 'PyPy'", "is not the standard build"),
        (f"sys.version_info = (3, 12, 1); {TRANSLATED}", "is an Intel build on Apple silicon"),
    ],
)
def test_the_only_python_does_not_do_and_one_sentence_says_why(project, change, sentence):
    project.python(change=change)
    assert sentence in project.refused()


def test_an_intel_mac_may_use_python_3_12(project):
    project.python(change=f"sys.version_info = (3, 12, 1); {INTEL_MAC}")
    project.set_up()


def test_without_any_python_one_sentence_says_which_to_install(project):
    assert "needs Python 3.10 to 3.13 (to 3.12 on an Intel Mac): install" in project.refused()


def test_a_python_without_venv_is_told_rather_than_one_too_old(project):
    project.python("python3.12", "sys.modules['ensurepip'] = None")
    project.python("python3", "sys.version_info = (3, 9, 18)")
    assert "has no venv module" in project.refused()


def test_a_shim_that_can_not_start_is_passed_over(project):
    project.command("python3.12", "#!/bin/sh\necho 'no version is set' >&2\nexit 127\n")
    project.python("python3", "sys.version_info = (3, 11, 7)")
    assert "Python 3.11" in project.set_up()


def test_python_3_12_is_taken_before_3_13_and_the_default(project):
    for name, minor in [("python3.13", 13), ("python3.12", 12), ("python3", 10)]:
        project.python(name, f"sys.version_info = (3, {minor}, 0)")
    assert "Python 3.12" in project.set_up()


def test_pythons_of_pyenv_are_found_though_none_is_selected(project, tmp_path):
    shim = project.python("hidden")
    target = tmp_path / "py env" / "versions" / "3.12.1" / "bin"
    target.mkdir(parents=True)
    (target / "python").symlink_to(shim)
    project.set_up(PYENV_ROOT=str(tmp_path / "py env"))
    assert project.installations() == 1


@pytest.mark.parametrize("place", ["bin", "versions/3.12.1/bin"], ids=["on the PATH", "of pyenv"])
def test_a_named_python_is_found_behind_a_shim_that_can_not_start(project, tmp_path, place):
    project.command("python3.12", "#!/bin/sh\necho 'no version is set' >&2\nexit 127\n")
    folder = tmp_path / "py env" / place
    folder.mkdir(parents=True)
    (folder / "python3.12").symlink_to(project.python("hidden"))
    variables = {
        "PYENV_ROOT": str(tmp_path / "py env"),
        "PATH": f"{project.bin}:{tmp_path}/py env/bin",
    }
    project.set_up(PYTHON="python3.12", **variables)
    assert project.installations() == 1


def test_a_folder_that_may_not_be_written_is_named_and_no_python_is_blamed(project):
    project.python()
    project.forbid(project.path)
    assert f"You may not change {project.path}, and" in project.refused()


def test_a_venv_of_another_user_is_left_alone_and_named(ready):
    (ready.path / "requirements.txt").write_text("# changed\n")
    ready.forbid(ready.path / ".venv")
    before = ready.installations()
    assert f"You may not change {ready.path}/.venv, and" in ready.refused()
    assert ready.installations() == before and not rebuilt(ready)


def test_a_finished_installation_can_be_used_where_nothing_may_be_written(ready):
    ready.forbid(ready.path)
    assert ready.set_up() == ""


def test_too_little_disk_is_told_before_anything_is_installed(project):
    project.python()
    project.disk(free_mb=3000)
    assert "Too little free disk for .venv: 3000 MB here, 3800 MB needed" in project.refused()


def test_what_venv_already_holds_counts_as_disk(ready):
    ready.command("du", "#!/bin/sh\necho 2900000 .venv\n")
    ready.disk(free_mb=1000)
    (ready.path / "requirements.txt").write_text("# changed\n")
    ready.set_up()
    assert ready.installations() == 2


def test_a_folder_named_venv_that_is_none_is_kept(project):
    project.python()
    (project.path / ".venv").mkdir()
    (project.path / ".venv" / "thesis.tex").touch()
    assert "not a virtual environment" in project.refused()


def test_uv_installs_and_asks_the_mirror_that_pip_is_configured_for(project):
    project.python()
    (project.path / "pip-index").write_text("file:///configured")
    project.set_up()
    (project.path / "requirements.txt").write_text("# changed\n")
    project.set_up(PIP_INDEX_URL="file:///in-the-environment")
    (project.path / "requirements.txt").write_text("# changed again\n")
    project.set_up(UV_DEFAULT_INDEX="file:///of-uv-alone")
    assert project.installers() == [
        "uv file:///configured",
        "uv file:///in-the-environment",
        "uv file:///of-uv-alone",
    ]


@pytest.mark.parametrize(("fault", "called"), [("no-uv", ["pip"]), ("uv-fails", ["uv ", "pip"])])
def test_pip_installs_where_uv_can_not(project, fault, called):
    project.python()
    (project.path / fault).touch()
    project.set_up()
    assert project.installers() == called
    assert project.set_up() == "" and project.installers() == called


def test_an_interrupted_installation_does_not_go_on_with_pip(project):
    project.python()
    (project.path / "hang").touch()
    with project.start() as process:
        wait_for(lambda: project.installations() == 1)
        os.killpg(process.pid, signal.SIGINT)
        process.communicate()
    assert process.returncode != 0 and project.installers() == ["uv "]


def test_kernels_leave_what_libraries_print_as_they_start_to_the_terminal(ready):
    (configuration,) = (ready.path / ".venv" / "etc").rglob("ipython_kernel_config.py")
    assert "capture_fd_output = False" in configuration.read_text()


def test_a_second_call_installs_nothing_and_says_nothing(ready):
    assert ready.installations() == 1
    ready.disk(free_mb=0)
    assert ready.set_up() == ""
    assert ready.installations() == 1 and not rebuilt(ready)


def test_the_backend_jax_gets_an_environment_of_its_own_and_a_list_of_its_own(ready):
    ready.disk(free_mb=1950)
    printed = ready.set_up(BACKEND="jax")
    assert printed.startswith("Installing requirements-jax.txt into .venv-jax with Python 3.")
    assert (ready.path / ".venv-jax" / "installed").exists() and not rebuilt(ready)
    assert ready.set_up(BACKEND="jax") == "" and ready.set_up(BACKEND="tensorflow") == ""
    (ready.path / "requirements-jax.txt").write_text("# changed\n")
    assert ready.set_up() == "" and ready.installations() == 2
    assert ".venv-jax" in ready.set_up(BACKEND="jax") and ready.installations() == 3


def test_jax_takes_less_disk_and_the_message_names_its_environment(project):
    project.python()
    project.disk(free_mb=1000)
    assert "disk for .venv-jax: 1000 MB here, 1900 MB needed" in project.refused(BACKEND="jax")


def test_an_unknown_backend_is_refused_with_those_that_there_are(project):
    project.python()
    sentence = project.refused(BACKEND="torch")
    assert "BACKEND=torch is not a backend of this course" in sentence and "BACKEND=jax" in sentence


def test_an_intel_mac_is_told_that_it_can_not_have_jax(project):
    project.python(change=f"sys.version_info = (3, 12, 1); {INTEL_MAC}")
    assert "for which JAX has no wheel: leave BACKEND=jax out" in project.refused(BACKEND="jax")


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-common.txt", "pyproject.toml"])
def test_changed_requirements_are_installed_into_the_same_venv(ready, name):
    (ready.path / name).write_text("# changed\n")
    ready.set_up()
    assert ready.installations() == 2 and not rebuilt(ready)


def test_a_moved_project_gets_a_new_venv(ready):
    ready.path = ready.path.rename(ready.path.parent / "moved elsewhere")
    ready.set_up()
    assert ready.installations() == 2 and rebuilt(ready)


def test_a_venv_whose_interpreter_is_gone_is_made_again(ready):
    python = ready.path / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/no/such/python")
    ready.set_up()
    assert ready.installations() == 2 and rebuilt(ready)


def test_a_venv_that_was_left_without_pip_is_made_again(ready):
    (ready.path / ".venv" / "installed").unlink()
    (packages,) = (ready.path / ".venv" / "lib").glob("python3.*/site-packages")
    shutil.rmtree(packages / "pip")
    ready.set_up()
    assert ready.installations() == 2 and rebuilt(ready)


def test_an_installation_that_was_killed_goes_on_at_the_next_call(ready):
    (ready.path / "requirements.txt").write_text("# changed\n")
    (ready.path / "hang").touch()
    with ready.start() as process:
        wait_for(lambda: ready.installations() == 2)
        os.killpg(process.pid, signal.SIGKILL)
    (ready.path / "hang").unlink()
    # Back to what was installed before: only the missing stamp tells that .venv is in between.
    (ready.path / "requirements.txt").write_text("-r requirements-common.txt\n")
    ready.set_up()
    assert ready.installations() == 3 and not rebuilt(ready)
    assert ready.set_up() == ""


def test_a_named_python_of_another_version_rebuilds_and_of_the_same_does_not(ready):
    ready.set_up(PYTHON=str(ready.python("mine")))
    assert ready.installations() == 1 and not rebuilt(ready)
    other = 11 if sys.version_info.minor != 11 else 12
    mine = ready.python("mine", f"sys.version_info = (3, {other}, 0)")
    assert f"Python 3.{other}" in ready.set_up(PYTHON=str(mine))
    assert ready.installations() == 2 and rebuilt(ready)


def test_a_named_python_that_does_not_run_is_refused_though_another_would_do(project):
    project.python()
    assert "PYTHON=/no/such/python is not a Python that runs" in project.refused(
        PYTHON="/no/such/python"
    )
    old = project.python("old", "sys.version_info = (3, 9, 18)")
    assert f"but {old} is 3.9" in project.refused(PYTHON=str(old))


@pytest.fixture
def tiny(project):
    """A project whose requirements are one real package, in a file."""
    wheel = project.path / "tiny-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("tiny.py", "")
        archive.writestr(
            "tiny-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0\n"
        )
        archive.writestr(
            "tiny-1.0.dist-info/WHEEL",
            "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        archive.writestr("tiny-1.0.dist-info/RECORD", "")
    (project.path / "requirements.txt").write_text("./tiny-1.0-py3-none-any.whl\n")
    project.python()
    return project


def with_real_pip(project):
    shutil.rmtree(project.packages)
    project.packages.mkdir()
    real_pip = Path(pytest.importorskip("pip").__file__).parent
    (project.packages / "pip").symlink_to(real_pip, target_is_directory=True)
    return {"PIP_NO_INDEX": "1", "PIP_CONFIG_FILE": os.devnull}


def with_real_uv(project):
    uv = shutil.which("uv", path=os.path.dirname(sys.executable)) or shutil.which("uv")
    if uv is None:
        pytest.skip("uv is not installed here")
    run = f"import os, sys\nos.execv({uv!r}, ['uv', *sys.argv[1:]])\n"
    (project.packages / "uv" / "__main__.py").write_text(run)
    return {"UV_NO_INDEX": "1", "UV_NO_CONFIG": "1", "UV_CACHE_DIR": str(project.path / "cache")}


# Otherwise Python compiles it when it is first used, TensorFlow for seven seconds; and where it may
# not write bytecode, as in many containers, whenever a kernel starts.
@pytest.mark.parametrize("with_installer", [with_real_pip, with_real_uv])
def test_what_is_installed_is_compiled_too(tiny, with_installer):
    with tiny.start(**with_installer(tiny), PYTHONDONTWRITEBYTECODE="1") as process:
        process.communicate()
    assert process.returncode == 0
    assert list((tiny.path / ".venv").rglob("tiny.cpython-*.pyc"))


def test_the_list_of_the_backend_is_what_is_installed(tiny):
    (tiny.path / "requirements.txt").rename(tiny.path / "requirements-jax.txt")
    tiny.set_up(BACKEND="jax", **with_real_pip(tiny))
    python = tiny.path / ".venv-jax" / "bin" / "python"
    subprocess.run([python, "-c", "import tiny"], check=True)
    assert not (tiny.path / ".venv").exists()


def test_real_pip_installs_and_its_failure_is_shown_with_a_way_out(tiny):
    variables = with_real_pip(tiny)
    tiny.set_up(**variables)
    subprocess.run([tiny.path / ".venv" / "bin" / "python", "-c", "import tiny"], check=True)
    stamp = tiny.path / ".venv" / "installed"
    assert stamp.exists()

    (tiny.path / "requirements.txt").write_text("no-such-package-of-any-kind\n")
    with tiny.start(**variables) as process:
        _, error = process.communicate()
    assert process.returncode != 0
    assert "No matching distribution found for no-such-package-of-any-kind" in error
    assert "run the same command again" in error.splitlines()[-1]
    assert not stamp.exists()
