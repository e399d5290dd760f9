from bench.workload import Context, Prepared, Work, workload


@workload(lesson="My first workload", axes={"size": (1000, 100)}, quick={"size": (100, 1000)}, modes=("eager", "trace"))
def softmax(ctx: Context, size: int) -> Prepared:
    """Softmax of each row: (size, size) → (size, size).

    Answer: the same in float64.
    Work: 5 flops a number; each number is read once and written once."""
    x = ctx.randn(size, size)
    exact = x.double().softmax(dim=1)
    work = Work(flops=5 * size**2, bytes=2 * size**2 * x.element_size(), items=size, unit="row")
    return Prepared(step=ctx.mode(lambda x: x.softmax(1), x), check=lambda y: ctx.relative_error(y, exact), work=work)
