#!/usr/bin/env bash
# torch 2.13.0 for CPUs, x86-64: OMP_NUM_THREADS above the number of cores is cut down to it without a word. torch takes
# its first number of threads from MKL, and MKL_DYNAMIC, which is on unless it is set, lets MKL use no more than the
# cores. The same library of OpenMP gives the full number before torch is imported, and the small one after it, so that
# everything else in the process that uses it has fewer threads as well. torch.set_num_threads is not cut down. A curve
# of times over OMP_NUM_THREADS is flat beyond the cores since these are runs of one and the same number, and not since
# more threads gain nothing.
#
# Seen, on 2 cores with OMP_NUM_THREADS=8: OpenMP has 8 threads before the import, torch and OpenMP 2 after it, and 8
# with MKL_DYNAMIC=FALSE or after set_num_threads(8). No warning, nothing on the error stream.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check torch==2.13.0 numpy==2.3.5

cat > "$folder/seen.py" <<'PY'
import ctypes
import importlib.util
import pathlib
import sys

folder = pathlib.Path(importlib.util.find_spec("torch").origin).parent / "lib"
openmp = ctypes.CDLL(str(next(folder.glob("libgomp*.so*"))))
before = openmp.omp_get_max_threads()

import torch  # noqa: E402

asked = int(sys.argv[1])
threads = [before, torch.get_num_threads(), openmp.omp_get_max_threads()]
torch.set_num_threads(asked)
print(*threads, torch.get_num_threads())
PY
cores=$(nproc --all)
asked=$((4 * cores))
unset MKL_DYNAMIC MKL_NUM_THREADS
export OMP_NUM_THREADS="$asked"
# Printed: threads of OpenMP before the import, of torch, of OpenMP after it, of torch after set_num_threads.
plain=$("$folder/env/bin/python" -W always "$folder/seen.py" "$asked" 2> "$folder/log")
fixed=$(MKL_DYNAMIC=FALSE "$folder/env/bin/python" -W always "$folder/seen.py" "$asked" 2>> "$folder/log")
echo "cores: $cores, OMP_NUM_THREADS: $asked"
echo "OpenMP before the import, torch, OpenMP after it, torch after set_num_threads: $plain; MKL_DYNAMIC=FALSE: $fixed"
cat "$folder/log"
[ "$fixed" = "$asked $asked $asked $asked" ]
read -r before torch after set <<< "$plain"
[ "$before" = "$asked" ] && [ "$set" = "$asked" ]
[ "$torch" = "$after" ] && [ "$torch" -le "$cores" ]
[ ! -s "$folder/log" ]
