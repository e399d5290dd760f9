"""The chart `loaders`: what does the loader cost?"""

from bench.present.charts.twin_chart import TwinChart

CHART = TwinChart(
    name="loaders",
    question="What does a loader cost against slices of a tensor?",
    axis="loader",
    plain="sliced",
    called="the sliced tensor",
    values="sliced,dataloader,device_resident",
    cost=True,
)
