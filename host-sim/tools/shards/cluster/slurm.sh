#!/bin/bash
# A shard of `npm run fleet`, `npm run chaos` or `npm run energy` for each task of a Slurm array; the first word says of which.
# From the project's folder, with npm ci done before:
#
#     sbatch --array=1-16 host-sim/tools/shards/cluster/slurm.sh fleet --devices 100000 --hours 24
#     npm run fleet -- merge fleet-out/*.json
#
# A task ends well when it has written its file, whatever failed in it (its log says that): `merge` exits with 1 for it.
# A task that failed comes back by `scontrol requeue JOB_TASK`; the others' results stay. SHARDS_OUT names another folder.
#SBATCH --job-name=enos-shards
#SBATCH --ntasks=1
#SBATCH --cpus-per-task=1
#SBATCH --requeue
#SBATCH --output=shards-%A-%a.log
set -euo pipefail
case ${1:-} in
  # One process, so that nothing of a killed task lives on; a run of energy is one by itself.
  fleet | chaos) alone="--jobs 1" ;;
  energy) alone="" ;;
  *)
    echo "the first word is fleet, chaos or energy, got \"${1:-}\"" >&2
    exit 2
    ;;
esac
out=${SHARDS_OUT:-$1-out}
mkdir -p "$out"
# Which shard it is, the command reads from Slurm's own variables.
exec node host-sim/cli/run.mjs "$@" $alone --out "$out/shard-$SLURM_ARRAY_TASK_ID.json" >/dev/null
