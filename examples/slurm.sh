#!/bin/bash
# One search under Slurm: task 0 is KerasTuner's chief, every other task a worker.
#
#   cd the-project && sbatch examples/slurm.sh
#
# Submit it again, and it goes on where it stopped. `searches` must be on a disk that all nodes see.
# The chief's port is open to the cluster's network, without encryption or password (KerasTuner has
# none): use it on networks that you trust.
#SBATCH --job-name=search
#SBATCH --ntasks=5
#SBATCH --cpus-per-task=4
#SBATCH --time=08:00:00

set -euo pipefail

# This script runs on the first node, where task 0 runs as well.
KERASTUNER_ORACLE_IP=$(hostname -i | cut -d' ' -f1)
KERASTUNER_ORACLE_PORT=$((20000 + SLURM_JOB_ID % 20000)) # another one for each job
export KERASTUNER_ORACLE_IP KERASTUNER_ORACLE_PORT
export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK TF_NUM_INTRAOP_THREADS=$SLURM_CPUS_PER_TASK

# A worker that dies leaves the others at work, and comes back under its name, a few times.
srun --kill-on-bad-exit=0 bash -c '
  if [ "$SLURM_PROCID" -eq 0 ]; then export KERASTUNER_TUNER_ID=chief
  else export KERASTUNER_TUNER_ID=worker$SLURM_PROCID; fi
  for attempt in 1 2 3 4; do
    .venv/bin/python examples/search_job.py --project "slurm" && exit 0
    sleep 5
  done
  exit 1
'
