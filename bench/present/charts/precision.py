"""The chart `precision`: what does half precision cost and bring?"""

from bench.analyse.rows.row import Row
from bench.present.charts.twin_chart import TwinChart


def _error(row: Row) -> str:
    """The error of the answer, for the end of the row."""
    return "" if row.check_error is None else f", error {row.check_error:.1g}"


CHART = TwinChart(
    name="precision",
    question="What does a precision cost, and what does it bring?",
    axis="dtype",
    plain="float32",
    called="float32",
    values="float32,float64,float16,bfloat16",
    also=_error,
)
