"""Which execution mode is worth it?"""

from bench.present.charts.twin_chart import Twinned

CHART = Twinned(
    NAME="modes",
    QUESTION="Which execution mode is faster than eager?",
    axis="mode",
    plain="eager",
    called="eager",
    values="eager,compile,script,trace",
)
