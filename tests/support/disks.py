"""Small disks that fill up: a real one, and what comes close to one without any rights."""

import os
import subprocess
import sys

import pytest


class MountedDisk:
    """A real disk of 1 MB, which root may mount, or whoever may be root without a password."""

    def __init__(self, folder):
        self.folder = folder
        self._filler = folder / "filler"
        options = f"size=1m,mode=700,uid={os.getuid()}" if sys.platform == "linux" else ""
        mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]
        self._prefix = next(
            (
                prefix
                for prefix in ([], ["sudo", "-n"])
                if options and self._succeeds([*prefix, *mount])
            ),
            None,
        )
        if self._prefix is None:
            pytest.skip("nobody here may mount a small disk; a limited file size stands in for it")

    @staticmethod
    def _succeeds(command):
        try:
            return subprocess.run(command, capture_output=True).returncode == 0
        except OSError:
            return False

    def fill(self, room=0):
        with open(self._filler, "wb", buffering=0) as file:
            try:
                while True:
                    file.write(b"0" * 4096)
            except OSError:
                file.truncate(max(0, file.tell() - room))

    def make_room(self):
        self._filler.unlink(missing_ok=True)

    def remove(self):
        subprocess.run([*self._prefix, "umount", "-l", self.folder], check=True)


class LimitedFiles:
    """A limit to the size of any file that this process writes: no rights needed, nor Linux."""

    def __init__(self, folder):
        self.folder = folder
        self._resource = pytest.importorskip("resource", reason="Windows has no such limit")
        self._before = self._resource.getrlimit(self._resource.RLIMIT_FSIZE)

    def fill(self, room=100):
        self._resource.setrlimit(self._resource.RLIMIT_FSIZE, (room, self._before[1]))

    def make_room(self):
        self._resource.setrlimit(self._resource.RLIMIT_FSIZE, self._before)

    def remove(self):
        self.make_room()
