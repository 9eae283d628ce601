#!/bin/sh
# A study on several machines that SSH reaches without a password, all with the same environment
# (here: on a shared disk). Needs paramiko: pip install paramiko
set -eu
first=node1
others="node2 node3"
cores=8 # of each machine

# A scheduler on the first machine, and a worker for each core of all.
dask ssh --nworkers "$cores" --nthreads 1 --scheduler-port 8786 \
    --remote-python "$(command -v python)" "$first" $others &
cluster=$!
trap 'kill "$cluster"' EXIT

# Until the scheduler listens.
until python -c "import socket; socket.create_connection(('$first', 8786), 5)" 2>/dev/null; do
    kill -0 "$cluster" # if the cluster has ended, so does this
    sleep 1
done
resqunn study --dataset digits --depth 2 --seeds 5 --out runs/study --scheduler "tcp://$first:8786"
