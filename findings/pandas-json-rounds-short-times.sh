#!/usr/bin/env bash
# pandas 3.1.1: DataFrame.to_json writes ten decimal places, not ten digits, so that seconds of short steps lose
# theirs. 123.456789 ns is written as 123.5 ns, a change of 0.04 %, and 40 ps, one number's share of a vectorised
# loop, as 0. to_csv of the same frame has every digit, and so has Python's json. Even double_precision=15, the most
# that it takes, leaves nine digits of 100 ns. A history of nanoseconds that is kept in this way has steps of 100 ps.
#
# Seen: 1.23456789e-07 is written as 0.0000001235, 4e-11 as 0.0, and 1.2345678901234567e-07 as 0.000000123456789 at
# best.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check pandas==3.1.1 numpy==2.4.6

cat > "$folder/seen.py" <<'PY'
import io
import json

import pandas as pd

seconds = [1.23456789e-07, 4e-11, 1.2345678901234567e-07]
frame = pd.DataFrame({"seconds": seconds})


def by_json(**options):
    return list(json.loads(frame.to_json(**options))["seconds"].values())


default, most = by_json(), by_json(double_precision=15)
by_csv = pd.read_csv(io.StringIO(frame.to_csv(index=False)), float_precision="round_trip")["seconds"].tolist()
print("written:", seconds)
print("to_json:", default)
print("to_json, double_precision=15:", most)
print("to_csv:", by_csv)
assert by_csv == json.loads(json.dumps(seconds)) == seconds
assert default == [1.235e-07, 0.0, 1.235e-07], default
assert most[2] != seconds[2]
assert abs(most[2] / seconds[2] - 1) < 1e-6
PY
"$folder/env/bin/python" "$folder/seen.py" 2> "$folder/log" || { cat "$folder/log" >&2; exit 1; }
