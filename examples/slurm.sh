#!/bin/bash
# One search under Slurm: every task is a worker with a GPU of its own, and KerasTuner's chief, which
# trains nothing, runs beside them on the first node, without a GPU.
#
#   cd the-project && sbatch examples/slurm.sh
#
# Submit it again, and it goes on where it stopped. `searches` must be on a disk that all nodes see.
# The chief's port is open to the cluster's network, without encryption or password (KerasTuner has
# none): use it on networks that you trust.
#
# Slurm ends everything after --time. The job ends as soon as its chief does, and a worker that
# finds no chief ends by itself after ten minutes. On nodes without GPUs, leave out the line about
# them.
#SBATCH --job-name=search
#SBATCH --ntasks=4
#SBATCH --cpus-per-task=4
#SBATCH --gpus-per-task=1
#SBATCH --time=08:00:00

set -euo pipefail

KERASTUNER_ORACLE_IP=$(hostname -i | cut -d' ' -f1) # this script runs on the first node
KERASTUNER_ORACLE_PORT=$((20000 + SLURM_JOB_ID % 20000)) # another one for each job
export KERASTUNER_ORACLE_IP KERASTUNER_ORACLE_PORT

# Whatever dies comes back under its name, a few times.
search() {
  export KERASTUNER_TUNER_ID=$1
  for attempt in 1 2 3 4; do
    .venv/bin/python examples/search_job.py --project slurm && return 0
    echo "$1 ended badly, for the time number $attempt" >&2
    sleep 5
  done
  return 1
}
export -f search

CUDA_VISIBLE_DEVICES=-1 search chief &
chief=$!
# A worker that dies leaves the others at work. Since Slurm 22.05, srun has to be told the cores.
srun --cpus-per-task="$SLURM_CPUS_PER_TASK" --kill-on-bad-exit=0 bash -c '
  export OMP_NUM_THREADS=$SLURM_CPUS_PER_TASK TF_NUM_INTRAOP_THREADS=$SLURM_CPUS_PER_TASK
  search "worker$SLURM_PROCID"
' &

# Slurm ends what is left when this script ends: a worker may be lost, and wait for a chief that has
# gone.
wait "$chief"
