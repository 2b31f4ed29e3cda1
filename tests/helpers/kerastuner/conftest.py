import threading

import keras_tuner
import pytest
from keras_tuner.src.distribute import oracle_chief, oracle_client

from helpers import kerastuner
from tests.support.cluster import free_port, wait_until


class Errors(list):
    """What a chief could not do; in its place a real one ends its process."""

    def __call__(self, error):
        self.append(error)


@pytest.fixture
def address(monkeypatch):
    monkeypatch.setenv("KERASTUNER_ORACLE_IP", "127.0.0.1")
    monkeypatch.setenv("KERASTUNER_ORACLE_PORT", str(free_port()))
    monkeypatch.setenv("KERASTUNER_TUNER_ID", "worker0")
    # What the course sets for the whole process.
    monkeypatch.setattr(oracle_chief, "start_server", oracle_chief.start_server)
    monkeypatch.setattr(oracle_client, "TIMEOUT", oracle_client.TIMEOUT)
    host, port = kerastuner.processes.chief_address()
    return f"{host}:{port}"


@pytest.fixture
def make_oracle(tmp_path):
    """Makes an oracle for a folder, as a chief does that is started, or started again."""

    def make(trials=3):
        hp = keras_tuner.HyperParameters()
        hp.Float("x", 0.0, 1.0)
        oracle = keras_tuner.oracles.RandomSearchOracle("loss", trials, hyperparameters=hp, seed=1)
        oracle.verbose = 0
        oracle._set_project_dir(tmp_path, "p")
        if (tmp_path / "p" / "oracle.json").exists():
            oracle.reload()
        return oracle

    return make


@pytest.fixture
def serve(address):
    """Starts a chief in a thread, which ends when its search is over."""
    threads = []

    def start(oracle):
        errors = Errors()
        kerastuner.improve_chief(oracle, on_error=errors)
        thread = threading.Thread(target=oracle_chief.start_server, args=(oracle,), daemon=True)
        thread.start()
        threads.append(thread)
        wait_until(lambda: kerastuner.count_statuses(address) is not None)
        return thread, errors

    yield start
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive(), "a chief did not end"


@pytest.fixture
def worker(address):
    client = oracle_client.OracleClient(None)
    kerastuner.make_client_patient(client, patience=0.3)
    return client
