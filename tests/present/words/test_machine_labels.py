"""Several machines in one list of rows: what is drawn together, what apart, and what each is called."""

from dataclasses import replace

import pytest

from bench.analyse.rows.row import Row
from bench.present import charts
from bench.present.charts import embedded_data
from bench.present.words import machine_labels
from tests.present import example_rows as example

LAPTOP, SERVER = "2-core Intel Xeon", "16-core Intel Xeon + NVIDIA H100 80GB HBM3"


def both() -> list[Row]:
    """The same cases on a laptop, without those of its missing GPU, and on a server."""
    rows = example.everything()
    laptop = [replace(row, machine=LAPTOP, run="laptop") for row in rows if row.axis("device") == "cpu"]
    return [*laptop, *(replace(row, machine=SERVER, run="server") for row in rows)]


@pytest.mark.parametrize(
    ("machine", "device", "label"),
    [
        (LAPTOP, "cpu", "2-core Xeon"),
        (SERVER, "cpu", "16-core Xeon"),
        (SERVER, "cuda", "H100"),
        ("8-core Apple M2", "mps", "mps of 8-core Apple M2"),
        (f"{SERVER} (torch 2.8.0)", "cuda", "H100 (torch 2.8.0)"),
        ("4-core AMD EPYC + NVIDIA GeForce RTX 4090 ×2", "cuda", "RTX 4090 ×2"),
    ],
)
def test_a_part_of_a_machine_is_called_by_what_it_is(machine, device, label):
    assert machine_labels.labels([(machine, device)]) == {(machine, device): label}


def test_cards_of_one_name_are_told_apart_by_their_variant():
    parts = [("8-core AMD EPYC + NVIDIA H100 PCIe", "cuda"), ("8-core AMD EPYC + NVIDIA H100 80GB HBM3", "cuda")]
    assert list(machine_labels.labels(parts).values()) == ["NVIDIA H100 PCIe", "NVIDIA H100 80GB HBM3"]


def test_equal_processors_of_two_machines_are_not_called_alike():
    parts = [("8-core AMD EPYC + NVIDIA L4", "cpu"), ("8-core AMD EPYC + NVIDIA T4", "cpu")]
    assert len(set(machine_labels.labels(parts).values())) == 2


def test_every_chart_says_of_which_machine_it_is_or_has_a_line_each():
    for spec in charts.available(both()):
        shown = {row.machine for row in spec.rows(both())}
        if len(shown) == 1:
            assert spec.title.startswith(
                f"{machine_labels.whole([LAPTOP, SERVER])[[LAPTOP, SERVER].index(shown.pop())]}: "
            )
        else:
            assert spec.name in charts.TOGETHER
            labels = [text.get_text() for text in charts.picture(spec, both()).texts]
            assert any("2-core Xeon" in label for label in labels)


def test_what_is_drawn_of_a_machine_is_the_same_alone_and_beside_another():
    alone = {spec.slug: spec for spec in charts.available([row for row in both() if row.run == "server"])}
    beside = [spec for spec in charts.available(both()) if spec.machine == SERVER]
    assert beside
    for spec in beside:
        twin = alone[spec.slug.replace("-16-core-Xeon---H100", "")]
        assert spec.title == f"16-core Xeon + H100: {twin.title}"
        assert spec.keys == twin.keys


def test_a_picture_of_one_of_several_says_in_its_title_which_it_is():
    spec = next(spec for spec in charts.available(both()) if spec.machine == SERVER)
    texts = " ".join(text.get_text() for text in charts.picture(spec, both()).texts)
    assert texts.startswith("16-core Xeon + H100: ")
    carried = embedded_data.figure_data(spec, both(), "dark")
    assert " ".join(text.get_text() for text in carried.figure().texts).startswith("16-core Xeon + H100: ")


def test_lines_of_one_point_each_have_no_chart_of_growth():
    rows = example.trainings()  # each loader at one batch alone
    assert not [spec for spec in charts.available(rows) if spec.name == "saturation"]


def test_slugs_of_several_machines_are_unlike():
    slugs = [spec.slug for spec in charts.available(both())]
    assert len(set(slugs)) == len(slugs)


def test_a_figure_of_several_machines_is_drawn_again_from_itself(tmp_path):
    for spec in charts.available(both()):
        if spec.name in ("time_by_size", "threads"):
            carried = embedded_data.figure_data(spec, both(), "light")
            path = tmp_path / f"{spec.slug}.svg"
            path.write_bytes(embedded_data.encode(carried, "svg"))
            assert embedded_data.problems(path) == []
            assert embedded_data.read(path).title == spec.title
            assert embedded_data.read(path).alt.startswith(spec.title)
