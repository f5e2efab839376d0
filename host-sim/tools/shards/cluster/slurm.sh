#!/bin/bash
# A shard of `npm run fleet` for each task of a Slurm array. From the project's folder, with npm ci done before:
#
#     sbatch --array=1-16 host-sim/tools/fleet/cluster/slurm.sh --devices 100000 --hours 24
#     npm run fleet -- merge fleet-out/*.json
#
# A task that failed comes back by `scontrol requeue JOB_TASK`; the others' results stay. FLEET_OUT names another folder.
#SBATCH --job-name=enos-fleet
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --output=fleet-%A-%a.log
set -euo pipefail
out=${FLEET_OUT:-fleet-out}
mkdir -p "$out"
# Which shard it is, the command reads from Slurm's own variables. One process, so that nothing of a killed task lives on.
exec node host-sim/cli/run.mjs fleet "$@" --jobs 1 --out "$out/shard-$SLURM_ARRAY_TASK_ID.json" >/dev/null
