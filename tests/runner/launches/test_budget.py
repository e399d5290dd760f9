from bench.records import Case, Planned, Source
from bench.runner.launches.budget import Budget

ONE, OTHER = (Planned(Case.of("matmul/square", {"size": size}), Source("x.py", "square")) for size in (1, 2))


class Hands:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


def budget(amount_s, costs, hands):
    return Budget(amount_s, lambda key: costs.get(key, 0.0), hands)


def test_without_an_amount_everything_is_afforded():
    hands = Hands()
    endless = budget(None, {ONE.case.key: 1e9}, hands)
    hands.now = 1e12
    assert endless.affords([ONE])
    assert not endless.refused


def test_what_would_end_after_the_budget_is_not_begun():
    hands = Hands()
    purse = budget(10.0, {ONE.case.key: 4.0, OTHER.case.key: 5.0}, hands)
    assert purse.affords([ONE, OTHER])
    hands.now += 2.0
    assert not purse.affords([ONE, OTHER])
    assert purse.affords([OTHER])
    assert purse.refused


def test_a_case_not_yet_seen_is_tried_as_long_as_there_is_time():
    hands = Hands()
    purse = budget(10.0, {}, hands)
    hands.now += 9.9
    assert purse.affords([ONE])
    hands.now += 0.2
    assert not purse.affords([ONE])
