#!/bin/bash
# A study as an array of jobs, which share nothing but the disk: sbatch slurm_array.sh
# Submitted again, jobs go on where they were; `sbatch --array=3 slurm_array.sh` does so for one.
# Submit it where `resqunn` is found, in an active environment: jobs have the same. Your cluster may
# ask for --partition and --account as well.
#SBATCH --array=1-8
#SBATCH --cpus-per-task=4
#SBATCH --mem=8G
#SBATCH --time=04:00:00
set -euo pipefail
shards=8 # as in --array

resqunn study --dataset digits --depth 2 --seeds 5 --out runs/study \
    --jobs "$SLURM_CPUS_PER_TASK" --shard "$SLURM_ARRAY_TASK_ID/$shards"
