"""What does half precision cost and bring?"""

from bench.present.charts.twin_chart import Twinned
from bench.present.row_groups import Row
from bench.stats.missing_numbers import number


def _error(row: Row) -> str:
    """How far off the answer is, beside how fast it was had."""
    error = number(row.get("check_error"))
    return "" if error is None else f", error {error:.1g}"


CHART = Twinned(
    NAME="precision",
    QUESTION="What does a precision cost, and what does it bring?",
    axis="dtype",
    plain="float32",
    called="float32",
    values="float32,float64,float16,bfloat16",
    also=_error,
)
