#!/usr/bin/env bash
# polars 2.1.0, DuckDB 2.0.1, pandas 3.1.1: the middle of an even number of launches has three values. A quantile of
# polars is one of the numbers, here the upper of the two in the middle, and so is the row 50% of its describe();
# DuckDB's quantile(v, 0.5) is the lower one; pandas' quantile and the medians of all three lie halfway. The quartiles
# differ too. Who reads one build's 50% from polars' describe() and the other's from pandas' sees a change by half the
# gap in the middle, which is some per cent where a program has two speeds.
#
# Seen, of launches of 10.0, 10.2, 11.8 and 12.0 ms: median 11.0 in all three; 50% 11.0 in pandas' describe() and 11.8
# in that of polars; quantile(0.5) 11.0 in pandas, 11.8 in polars and 10.2 in DuckDB. The middle half is 1.7 ms wide in
# pandas, 1.6 in polars and 1.8 in DuckDB. No warning.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install -qqq --disable-pip-version-check \
    polars==2.1.0 duckdb==2.0.1 pandas==3.1.1 numpy==2.4.6

cat > "$folder/seen.py" <<'PY'
import warnings

import duckdb
import pandas as pd
import polars as pl

launches = [10.0, 10.2, 11.8, 12.0]
shares = [0.25, 0.5, 0.75]
with warnings.catch_warnings(record=True) as said:
    warnings.simplefilter("always")
    frame, series = pd.DataFrame({"ms": launches}), pl.Series("ms", launches)
    by_duckdb = duckdb.sql("select median(ms), quantile(ms, [0.25, 0.5, 0.75]) from frame").fetchall()[0]
    medians = [float(frame["ms"].median()), series.median(), by_duckdb[0]]
    quantiles = {
        "pandas": frame["ms"].quantile(shares).tolist(),
        "polars": [series.quantile(share) for share in shares],
        "DuckDB": list(by_duckdb[1]),
    }
    described = [float(frame.describe()["ms"]["50%"]), dict(series.describe().iter_rows())["50%"]]
print("medians:", medians)
print("50% in describe() of pandas and polars:", described)
for name, found in quantiles.items():
    print(f"{name}: quantiles {[round(each, 3) for each in found]}, {found[2] - found[0]:.3g} ms apart")
assert all(abs(each - 11) < 1e-9 for each in medians), medians
assert abs(described[0] - 11) < 1e-9 and described[1] == 11.8, described
assert [round(found[1], 9) for found in quantiles.values()] == [11.0, 11.8, 10.2], quantiles
assert [round(found[2] - found[0], 9) for found in quantiles.values()] == [1.7, 1.6, 1.8], quantiles
assert not said, [str(each.message) for each in said]
PY
"$folder/env/bin/python" "$folder/seen.py" 2> "$folder/log" || { cat "$folder/log" >&2; exit 1; }
