import os
import signal

import pytest

from tests.support.cluster import ROOT
from tests.support.processes import started

# Plays Python: notes which role it was given, and how. Worker 2 dies once; worker 3 hangs for ever.
PYTHON = """#!/bin/bash
me=$KERASTUNER_TUNER_ID
echo "$me gpus=$CUDA_VISIBLE_DEVICES at=$KERASTUNER_ORACLE_IP:$KERASTUNER_ORACLE_PORT" \\
  "threads=$OMP_NUM_THREADS $*" >> "$NOTES"
case $me in
  chief) while [ "$(grep -c ^worker "$NOTES")" -lt 5 ]; do sleep 0.05; done; exit $CHIEF_STATUS;;
  worker2) [ "$(grep -c worker2 "$NOTES")" -gt 1 ];;
  worker3) exec sleep 600;;
esac
"""
# Plays Slurm: gives each task a GPU.
SRUN = """#!/bin/bash
echo "srun $1 $2" >> "$NOTES"
for SLURM_PROCID in 0 1 2 3; do
  export SLURM_PROCID
  CUDA_VISIBLE_DEVICES=$SLURM_PROCID "${@:3}" &
done
wait
"""


@pytest.mark.skipif(os.name != "posix", reason="runs under Linux")
@pytest.mark.parametrize("chief_status", [0, 1])
def test_under_slurm_each_worker_has_a_gpu_and_the_job_ends_with_its_chief(tmp_path, chief_status):
    for name, text in {
        ".venv/bin/python": PYTHON,
        "bin/srun": SRUN,
        "bin/hostname": "#!/bin/sh\necho 10.0.0.7 fe80::1\n",
        # The script pauses before it starts again what died.
        "bin/sleep": '#!/bin/sh\n[ "$1" = 5 ] || exec /bin/sleep "$@"\n',
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o755)
    slurm = {"SLURM_JOB_ID": "123456", "SLURM_CPUS_PER_TASK": "4", "NOTES": str(tmp_path / "notes")}
    path = f"{tmp_path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    with started(
        ["bash", str(ROOT / "examples" / "slurm.sh")],
        cwd=tmp_path,
        env={"PATH": path, **slurm, "CHIEF_STATUS": str(chief_status)},
        start_new_session=True,
    ) as job:
        try:
            assert job.wait(60) == chief_status
        finally:
            os.killpg(job.pid, signal.SIGKILL)  # Slurm ends what a job leaves behind
    lines = (tmp_path / "notes").read_text().splitlines()
    at, job = "at=10.0.0.7:23456", "examples/search_job.py --project slurm"
    chiefs = 1 if chief_status == 0 else 4
    assert lines.count(f"chief gpus=-1 {at} threads= {job}") == chiefs
    for number, starts in enumerate((1, 1, 2, 1)):
        assert lines.count(f"worker{number} gpus={number} {at} threads=4 {job}") == starts
    assert lines.count("srun --cpus-per-task=4 --kill-on-bad-exit=0") == 1
    assert len(lines) == chiefs + 5 + 1


def test_under_slurm_there_is_a_limit_of_time():
    text = (ROOT / "examples" / "slurm.sh").read_text(encoding="utf-8")
    options = dict(
        line.removeprefix("#SBATCH --").split("=")
        for line in text.splitlines()
        if line.startswith("#SBATCH")
    )
    assert options["gpus-per-task"] == "1" and options["time"] == "08:00:00"
    assert "password" in text


def test_on_kubernetes_jobs_have_deadlines_and_each_worker_has_a_gpu():
    text = (ROOT / "examples" / "kubernetes.yaml").read_text(encoding="utf-8")
    chief, worker = (part for part in text.split("\n---\n") if "\nkind: Job\n" in part)
    for part, role, gpus in ((chief, "chief", 0), (worker, "worker", 1)):
        assert f"\n  name: search-{role}\n" in part
        assert "\n  activeDeadlineSeconds: 28800\n" in part and "\n  backoffLimit: 6\n" in part
        assert part.count("limits: {nvidia.com/gpu: 1}") == gpus
        assert "examples/search_job.py" in part
        for name in ("KERASTUNER_TUNER_ID", "KERASTUNER_ORACLE_IP", "KERASTUNER_ORACLE_PORT"):
            assert name in part
    assert "value: 0.0.0.0" in chief and "value: search-chief" in worker
    assert "password" in text
