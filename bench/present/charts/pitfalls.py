"""The chart `pitfalls`: how wrong can a benchmark be?"""

from bench.present.charts.twin_chart import TwinChart

CHART = TwinChart(
    name="pitfalls",
    question="By which factor does each mistake change the time?",
    axis="form",
    plain="cure",
    called="its cure",
    values="mistake,cure",
    cost=True,
    families=True,
)
