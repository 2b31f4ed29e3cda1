"""One search script for every setting: alone, as chief and workers, under Slurm, on Kubernetes.

python examples/search_job.py                                        alone
python -m helpers.cluster examples/search_job.py --workers 2         on this machine
sbatch examples/slurm.sh                                             under Slurm
kubectl apply -f examples/kubernetes.yaml                            on Kubernetes

KerasTuner reads its role from KERASTUNER_TUNER_ID, KERASTUNER_ORACLE_IP and
KERASTUNER_ORACLE_PORT. Without them it runs alone. All processes have to see the same folder. Any
process that is killed can be started again under the same ID, and then continues.
"""

import argparse
import os
from pathlib import Path

import keras
import keras_tuner

from helpers import (
    build_model,
    cluster,
    get_budget,
    load_cifar10,
    mend_project,
    protect,
    train_validation_split,
    trials_table,
)


def role() -> str:
    """Returns what this process is: `alone`, `chief` or `worker`."""
    tuner_id = os.environ.get("KERASTUNER_TUNER_ID")
    if tuner_id is None:
        return "alone"
    return "chief" if "chief" in tuner_id else "worker"


def main() -> None:
    """Starts or continues a search, and prints the table of trials."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--directory", type=Path, default=Path("searches"))
    parser.add_argument("--project", default="job")
    options = parser.parse_args()
    project = options.directory / options.project

    if role() == "worker":
        cluster.wait_for_chief()
    else:
        mend_project(project)
    budget = get_budget()
    tuner = keras_tuner.RandomSearch(
        build_model,
        objective="val_acc",
        max_trials=budget.trials,
        # Every process makes this tuner, and one that overwrites would delete the others' work.
        overwrite=False,
        directory=options.directory,
        project_name=options.project,
        seed=1619,
    )
    protect(tuner)
    if role() == "chief":
        tuner.search(verbose=0)  # hands out trials until all are done; it needs no images
    else:
        (x, y), _ = load_cifar10()
        y = keras.utils.to_categorical(y, num_classes=10)
        (x, y), validation = train_validation_split(
            x, y, train=budget.train_images, validation=budget.validation_images
        )
        keras.utils.set_random_seed(1)
        tuner.search(
            x, y, validation_data=validation, epochs=budget.epochs, batch_size=128, verbose=0
        )
    if role() != "worker":
        print(trials_table(project)[["num_hidden", "status", "score", "rank"]].to_string())


if __name__ == "__main__":
    main()
