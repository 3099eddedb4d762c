"""Figures of schemes hold the exact numbers, and refuse what they cannot show."""

import numpy as np
import pytest

from coding.bilinear import BilinearScheme, catalog, codes, copies
from coding.bilinear.figures import Price, failure_figure, pareto_figure, pareto_front, price
from coding.errors import CodingError


@pytest.fixture(scope="module")
def schemes() -> list[BilinearScheme]:
    s = catalog.strassen()
    return [s, copies(s, 2), s + catalog.winograd()]


def test_failure_curves_are_the_closed_form_of_copies(schemes):
    """c copies of seven products fail with 1 - (1 - p^c)^7 (research table, exact)."""
    p = np.array([1e-3, 1e-2, 0.1])
    figure = failure_figure(schemes[:2], p=p)
    for line, copied in zip(figure.axes[0].get_lines(), (1, 2), strict=True):
        np.testing.assert_allclose(line.get_ydata(), 1 - (1 - p**copied) ** 7, rtol=1e-9)


def test_failure_figure_names_every_scheme_with_its_nodes(schemes):
    labels = [text.get_text() for text in failure_figure(schemes).axes[0].get_legend().get_texts()]
    assert labels == ["strassen (7 nodes)", "2xstrassen (14 nodes)", "strassen+winograd (14 nodes)"]


def test_price_counts_the_additions_of_the_encoders(schemes):
    """Without reuse Strassen's encoders add 10 blocks and Winograd's 14."""
    assert [price(s).additions for s in schemes] == [10, 20, 24]


def test_price_shows_what_entangled_polynomial_codes_pay(schemes):
    code = price(codes.entangled_polynomial((2, 2, 2), nodes=14))
    union = price(schemes[2])
    assert code.failure < union.failure / 1000
    assert code.amplification > 10 * union.amplification


def test_front_leaves_out_what_another_beats():
    def of(name: str, nodes: int, failure: float) -> Price:
        return Price(name=name, nodes=nodes, failure=failure, additions=1, amplification=1.0)

    prices = [of("late", 16, 0.2), of("a", 7, 0.5), of("b", 14, 0.1), of("worse", 14, 0.3), of("c", 21, 0.01)]
    assert [p.name for p in pareto_front(prices)] == ["a", "b", "c"]


def test_pareto_figure_marks_every_scheme(schemes):
    figure = pareto_figure(schemes, probability=0.05)
    nodes, failure = figure.axes[0].collections[0].get_offsets().data.T
    assert nodes.tolist() == [7, 14, 14]
    np.testing.assert_allclose(failure, [3.017e-1, 1.737e-2, 7.277e-3], rtol=1e-3)


@pytest.mark.parametrize("p", [[0.0, 0.1], [0.1], [0.1, 1.5], [[0.1, 0.2]]])
def test_probabilities_that_a_logarithmic_axis_cannot_show_are_refused(schemes, p):
    with pytest.raises(CodingError, match="p: not a range of probabilities"):
        failure_figure(schemes, p=p)


@pytest.mark.parametrize("draw", [failure_figure, pareto_figure])
def test_a_figure_of_nothing_is_refused(draw):
    with pytest.raises(CodingError, match="schemes: nothing to draw"):
        draw([])
