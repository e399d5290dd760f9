"""The chart `frameworks`: how fast are NumPy, scikit-learn and JAX?"""

from bench.present.charts.twin_chart import TwinChart

CHART = TwinChart(
    name="frameworks",
    question="How fast do other frameworks do the same job, with the same answer?",
    axis="framework",
    plain="torch",
    called="torch",
    values="torch,numpy,sklearn,jax",
)
