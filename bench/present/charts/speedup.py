"""The chart `speedup`: how many times faster is the device?"""

from bench.present.charts.twin_chart import TwinChart

CHART = TwinChart(
    name="speedup",
    question="How many times as fast as the CPU, at its best number of threads, is the device?",
    axis="device",
    plain="cpu",
    called="the CPU",
    values="cpu,cuda",
)
