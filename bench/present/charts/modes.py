"""The chart `modes`: which execution mode is worth it?"""

from bench.present.charts.twin_chart import TwinChart

CHART = TwinChart(
    name="modes",
    question="Which execution mode is faster than eager?",
    axis="mode",
    plain="eager",
    called="eager",
    values="eager,compile,script,trace",
)
