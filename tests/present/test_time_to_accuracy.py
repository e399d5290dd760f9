"""What is said of trainings to an accuracy."""

from dataclasses import replace

import pytest

from bench.present import charts
from bench.records import UserError
from tests.present import example_rows as example


def title(rows):
    (spec,) = [each for each in charts.available(rows) if each.name == "time_to_accuracy"]
    return spec.title


def bounded(row, low, high):
    return replace(row, time=replace(row.time, low=low, high=high))


def test_the_way_that_is_sooner_in_every_draw_is_said_to_be_first():
    assert title(example.trainings()) == (
        "dataloader/time_to_accuracy: batch 32 dataloader is the first to be 90 % right after 320 ms "
        "(240 ms to 400 ms in 3 draws)"
    )


def test_where_one_draw_cannot_tell_the_order_is_not_resolved():
    rows = [bounded(row, 0.01, 9.0) if row.axis("draw") == 1 else row for row in example.trainings()]
    assert title(rows).endswith("which is soonest is not resolved by this data")


def test_one_launch_decides_nothing():
    rows = [bounded(row, None, None) for row in example.trainings(launches=1)]
    assert title(rows).endswith("not resolved by this data")


def test_one_way_is_told_without_a_rank():
    assert title([row for row in example.trainings() if row.axis("batch") == 32]) == (
        "dataloader/time_to_accuracy: a training is 90 % right after 320 ms (240 ms to 400 ms in 3 draws)"
    )


def test_every_training_is_told_in_words_with_its_epochs():
    (spec,) = [each for each in charts.available(example.trainings()) if each.name == "time_to_accuracy"]
    words = charts.describe(spec, example.trainings())
    assert "batch 32 dataloader, draw 2: 400 ms [392, 410] for 10 epochs, after each 58 %" in words
    assert words.count("draw ") == 6


def test_an_epoch_has_its_price_at_each_label():
    said = [text.get_text().replace("\n", " ") for text in charts.draw("time_to_accuracy", example.trainings()).texts]
    assert "batch 32 dataloader: 40.0 ms an epoch" in said
    assert "batch 800 sliced: 3.00 ms an epoch" in said


def test_a_workload_that_tells_no_course_has_no_such_chart():
    with pytest.raises(UserError, match="reports its accuracy after each epoch"):
        charts.draw("time_to_accuracy", example.loaders(quality={"epochs": 3}))
