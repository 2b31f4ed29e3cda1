import runpy
import sys

import keras_tuner

from helpers import cluster
from helpers.search import trials_table
from tests.support.cluster import ROOT

EXAMPLE = ROOT / "examples" / "search_job.py"


def test_the_example_tries_the_same_alone_and_in_a_cluster(tmp_path, monkeypatch, capfd):
    # With one worker: that several share the trials is tried out where it costs less.
    arguments = ["--directory", str(tmp_path / "a")]
    assert cluster.run(EXAMPLE, workers=1, arguments=arguments, quiet=True) == 0
    assert not capfd.readouterr().out
    monkeypatch.setattr(sys, "argv", ["search_job.py", "--directory", str(tmp_path / "b")])
    # The worker has trained; alone, it would be the same again.
    monkeypatch.setattr(keras_tuner.RandomSearch, "run_trial", lambda *_, **__: {"val_acc": 0.5})
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert "COMPLETED" in capfd.readouterr().out
    shared, alone = (trials_table(tmp_path / folder / "job") for folder in "ab")
    assert set(shared["num_hidden"]) == set(alone["num_hidden"]) and len(shared) == len(alone) > 1
    assert (shared["status"] == "COMPLETED").all()
