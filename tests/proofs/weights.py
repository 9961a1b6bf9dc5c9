"""Choices some of which are made more often than others."""

from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


def weighted(*choices: tuple[int, SearchStrategy[T]]) -> SearchStrategy[T]:
    """One of these, each so many times as often as one of weight 1.

    `st.one_of` takes a strategy that is named several times once: it knows no weights.
    """
    places = [place for place, (weight, _) in enumerate(choices) for _ in range(weight)]
    strategies = [strategy for _, strategy in choices]
    return st.sampled_from(places).flatmap(strategies.__getitem__)
