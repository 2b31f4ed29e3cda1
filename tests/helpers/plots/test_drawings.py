import pytest
from matplotlib.colors import to_hex

from helpers import plots
from helpers.plots.drawings import PASSED_ON, RETURNED, STATIONS

ROWS = {
    "as published": {"training": 5, "test": 1},
    "as we use them": {"training": 3, "validation": 2, "test": 1},
}


def test_the_loop_names_its_stations_from_left_to_right_and_what_they_pass_on_above():
    (ax,) = plots.draw_search_loop().axes
    at = {text.get_text(): text.get_position() for text in ax.texts if text.get_text()}
    stations = [name for name, _ in STATIONS]
    assert stations == ["tuner", "build_model(hp)", "fit", "score"]
    assert set(at) == {*stations, *PASSED_ON, RETURNED}
    assert sorted(stations, key=lambda name: at[name][0]) == stations
    for left, what, right in zip(stations, PASSED_ON, stations[1:], strict=False):
        assert at[left][0] < at[what][0] < at[right][0] and at[what][1] > at[left][1]
    assert at[RETURNED][1] < at["tuner"][1]


def test_the_arrows_of_the_loop_lead_from_each_station_to_the_next_and_back_to_the_tuner():
    (ax,) = plots.draw_search_loop().axes
    x = {text.get_text(): text.get_position()[0] for text in ax.texts}
    arrows = [text for text in ax.texts if not text.get_text()]
    ends = [(arrow.get_position()[0], arrow.xy[0]) for arrow in arrows]
    centres = [x[name] for name, _ in STATIONS]
    for (start, end), left, right in zip(ends, centres, centres[1:], strict=False):
        assert left < start < end < right
    assert ends[-1] == (x["score"], x["tuner"])
    assert all(arrow.arrow_patch is not None for arrow in arrows)


def test_the_loop_has_no_axes_since_its_places_mean_nothing():
    (ax,) = plots.draw_search_loop().axes
    assert not ax.axison


def test_a_split_has_one_bar_for_each_row_with_its_parts_side_by_side():
    (ax,) = plots.draw_split(ROWS).axes
    bars = [(bar.get_x(), bar.get_width(), to_hex(bar.get_facecolor())) for bar in ax.patches]
    assert [bar[:2] for bar in bars] == [(0, 5), (5, 1), (0, 3), (3, 2), (5, 1)]
    colours = [bar[2] for bar in bars]
    assert colours[0] == colours[2] and colours[1] == colours[4], "a part keeps its colour"
    assert len(set(colours)) == 3
    assert [text.get_text() for text in ax.texts] == [
        "training\n5", "test\n1", "training\n3", "validation\n2", "test\n1"
    ]  # fmt: skip


def test_a_split_names_its_bars_from_top_to_bottom_and_counts_images():
    (ax,) = plots.draw_split(ROWS).axes
    assert [label.get_text() for label in ax.get_yticklabels()] == list(ROWS)
    assert ax.yaxis_inverted() and ax.get_xlim() == (0, 6)
    assert ax.get_xlabel() == "images"
    assert ax.xaxis.get_major_formatter()(40_000, None) == "40,000"


@pytest.mark.parametrize(
    "rows",
    [
        {"a": {"training": 5, "test": 1}, "b": {"training": 4, "test": 1}},
        {"a": {"one": 1, "two": 1, "three": 1, "four": 1}},
        {},
    ],
)
def test_a_split_of_other_images_or_of_too_many_parts_is_an_error(rows):
    with pytest.raises(ValueError, match="at most 3 parts"):
        plots.draw_split(rows)
