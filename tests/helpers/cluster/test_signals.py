import signal
import threading

import pytest

from helpers.cluster.signals import note_signals


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"])
def test_a_request_to_end_is_noted_and_afterwards_does_what_it_did_before(name):
    if not hasattr(signal, name):
        return  # not on this system
    number, before = getattr(signal, name), signal.getsignal(getattr(signal, name))
    heard = []
    signal.signal(number, lambda *_: heard.append("before"))
    try:
        with note_signals() as received:
            signal.raise_signal(number)
        assert received == [number] and heard == []
        signal.raise_signal(number)
        assert received == [number] and heard == ["before"]
    finally:
        signal.signal(number, before)


def test_a_thread_that_gets_no_signals_can_run_a_cluster_too():
    noted = []

    def run():
        with note_signals() as received:
            noted.append(received)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    assert noted == [[]]
