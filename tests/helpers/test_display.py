import io
import sys
import types

from helpers.display import MARK, line_display, progress_display, watcher


def test_the_progress_is_silent_under_pytest_and_so_under_nbval(capsys):
    progress_display()(1, 2, "Trial 1 of 2")
    assert capsys.readouterr().out == ""


def test_the_progress_is_silent_in_a_pipe(monkeypatch, capsys):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    progress_display()(1, 2, "Trial 1 of 2")
    assert capsys.readouterr().out == ""


def test_the_progress_rewrites_one_line_of_a_terminal(monkeypatch, capsys):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    flushed = []
    monkeypatch.setattr(sys.stdout, "flush", lambda: flushed.append(True))
    show = progress_display()
    show(1, 2, "Trial 2 of 2")
    show(2, 2, "done")
    assert len(flushed) == 2, "a line without an end stays in the buffer"
    assert capsys.readouterr().out == "\r\033[KTrial 2 of 2\r\033[Kdone\n"


def test_the_progress_updates_one_marked_output_of_a_notebook(monkeypatch):
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    calls = []

    class Handle:
        def update(self, data, **kwargs):
            calls.append(("update", data, kwargs))

    def display(data, **kwargs):
        calls.append(("display", data, kwargs))
        return Handle()

    monkeypatch.setattr("IPython.display.display", display)
    show = progress_display()
    show(1, 2, "Trial 2 of 2 <")
    show(3, None, "done")
    first = {
        "text/html": '<progress value="1" max="2"></progress> Trial 2 of 2 &lt;',
        "text/plain": "Trial 2 of 2 <",
    }
    assert calls == [
        ("display", first, {"raw": True, "metadata": MARK, "display_id": True}),
        # Without a bar, which needs to know how much there is in all.
        (
            "update",
            {"text/html": "done", "text/plain": "done"},
            {"raw": True, "metadata": MARK},
        ),
    ]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_line_in_a_terminal_is_replaced_each_time():
    terminal = Terminal()
    show = line_display(terminal)
    show("1 trial", ", 2 s")
    show("1 trial", ", 3 s")
    assert terminal.getvalue() == "\r\033[K1 trial, 2 s\r\033[K1 trial, 3 s"


def test_a_log_gets_a_line_only_when_what_it_says_has_changed():
    log = io.StringIO()
    show = line_display(log)
    show("1 trial", ", 2 s")
    show("1 trial", ", 3 s")
    show("2 trials", ", 4 s")
    show("done")
    assert log.getvalue() == "1 trial, 2 s\n2 trials, 4 s\ndone\n"


def test_nobody_watches_under_pytest_or_in_a_pipe(monkeypatch):
    assert watcher() == "nobody"
    monkeypatch.delenv("PYTEST_VERSION")
    monkeypatch.delitem(sys.modules, "ipykernel", raising=False)
    assert watcher() == "nobody"


def test_a_notebook_and_a_terminal_are_watched_unless_a_test_runs_them(monkeypatch):
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
    assert watcher() == "nobody"
    monkeypatch.delenv("PYTEST_VERSION")
    assert watcher() == "notebook"
    monkeypatch.delitem(sys.modules, "ipykernel")
    assert watcher() == "terminal"
