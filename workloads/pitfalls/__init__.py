"""Pitfalls: the mistakes students make, each beside its cure, so that the factor of the error can be shown.

Every workload has the axis `form`: `bench show RUN --vs form=mistake` prints time of the mistake ÷ time of the cure.
Not every mistake costs time. Some falsify the number that is reported, some the answer: each says which, and `quality`
holds the factor that no time can show. A wrong answer is held as closely as a right one, to the value it must have.
"""
