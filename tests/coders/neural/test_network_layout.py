"""The layout of the network's inputs and outputs: its copies are up to date, and it fits what else is known."""

from bbans_cli.coders.neural import network_layout as layout
from bbans_cli.coders.neural.neighbourhood import TAPS
from scripts.common import pages
from scripts.release import make_network_layout as make


def test_the_header_of_c_is_up_to_date():
    assert make.HEADER.read_text() == make.header(), f"run {make.COMMAND}"


def test_the_table_of_the_page_is_up_to_date():
    page = make.PAGE.read_text()
    assert page == pages.replace(page, make.COMMAND, make.table()), f"run {make.COMMAND}"


def test_there_are_as_many_taps_as_the_neighbourhood_has():
    assert layout.TAPS == len(TAPS)


def test_columns_of_fields():
    assert layout.INPUTS.columns("base", "log_activity") == [84, 85, 86, 87, 88, 89]
    assert layout.OUTPUTS["means"] == slice(4, 8)


def test_fields_of_both_least_squares_are_inputs():
    """By the same names, so that an input is taken from the column of that name."""
    assert {field.name for field in layout.LEAST_SQUARES} <= {field.name for field in layout.INPUTS}
