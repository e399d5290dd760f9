"""The summary of the rows of a table."""

from bench.analyse.rows.row import Speedup
from bench.present import row_groups
from bench.present.row_summary import summary_of
from bench.present.tables.row_layout import filled
from bench.stats.intervals import Interval
from tests.present import example_rows as example


def test_the_worst_finding_has_the_first_letter_and_a_row_has_its_marks_worst_first() -> None:
    found = summary_of(
        example.rows(
            example.row("a/b", 1.0, size=1, findings=[example.FEW]),
            example.row("a/b", 2.0, size=2, findings=[example.FEW, example.NOT_STEADY, example.FEW]),
            example.row("a/b", 3.0, size=3),
        )
    )
    assert found.letters == {"not-steady": "a", "few-launches": "b"}
    assert list(found.marks) == ["(b)", "(a) (b)", ""]
    assert [(group.check, group.severity) for group in found.findings] == [
        ("not-steady", "error"),
        ("few-launches", "warning"),
    ]
    assert [len(group.findings) for group in found.findings] == [1, 1]


def test_marks_leave_out_checks_without_a_letter() -> None:
    (row,) = example.rows(example.row("a/b", 1.0, findings=[example.FEW, example.NOT_STEADY]))
    assert row_groups.marks(row, {"few-launches": "x"}) == "(x)"


def test_axes_are_constant_for_all_rows_or_for_those_of_a_workload() -> None:
    found = summary_of(
        example.rows(
            example.row("a/b", 1.0, size=1, kind="red"),
            example.row("a/b", 2.0, size=2, kind="red"),
            example.row("c/d", 3.0, size=2, kind="blue"),
        )
    )
    assert not {"size", "kind"} & set(found.constants)
    assert {"size", "kind"} <= set(found.varying)
    assert list(found.workloads) == ["a/b", "c/d"]
    assert found.workloads["a/b"]["kind"] == "red"
    assert "size" not in found.workloads["a/b"]
    assert found.workloads["c/d"]["size"] == "2"


def test_only_columns_with_values_are_filled() -> None:
    found = summary_of(example.matmul())
    assert {"reason", "faster", "machine"} & filled(found) == {"reason"}
    assert "faster" in filled(summary_of(example.modes()))


def test_a_speedup_says_how_it_was_paired() -> None:
    def pairing(method: str, paired: bool) -> str:
        return Speedup("a/b[threads=2]", Interval(2.0, 1.9, 2.1, 6, method), paired).pairing

    assert pairing("paired by launch: order statistics of 6 launches", True) == "by launch"
    assert pairing("paired by round: order statistics of 6 launches", True) == "by round"
    assert pairing("order statistics of 6 launches", True) == "paired"
    assert pairing("paired by launch: order statistics of 6 launches", False) == "unpaired"


def test_a_speedup_has_its_reference_as_a_case() -> None:
    reference = "a/b[device=cpu,dtype=float32,mode=eager,threads=2]"
    assert Speedup(reference, Interval(2.0, 1.9, 2.1, 6, ""), True).reference_case["threads"] == 2
