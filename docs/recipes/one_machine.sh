#!/bin/sh
# A study on all cores of this machine. Stopped, the same command goes on.
set -eu
resqunn study --dataset digits --depth 2 --seeds 3 --out runs/study
