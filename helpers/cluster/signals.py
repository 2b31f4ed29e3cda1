"""Notes the signals that ask a process to end, instead of acting on them at once."""

import contextlib
import signal
import threading
from collections.abc import Iterator

# No system has all of them. Windows sends SIGBREAK when the terminal is closed.
STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")


@contextlib.contextmanager
def note_signals() -> Iterator[list[int]]:
    """Notes requests to end in a list, instead of raising wherever the program happens to be.

    An exception that is raised while gRPC's own code runs is lost there. A signal that is ignored
    stays ignored: this is how `nohup` lets a search outlive its terminal.
    """
    received: list[int] = []
    if threading.current_thread() is not threading.main_thread():  # only that gets signals
        yield received
        return
    numbers = [getattr(signal, name) for name in STOP_SIGNALS if hasattr(signal, name)]
    before = {
        number: signal.signal(number, lambda received_number, _: received.append(received_number))
        for number in numbers
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
