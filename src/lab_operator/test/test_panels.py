"""Every panel that this machine has keeps the contract."""

from __future__ import annotations

import pytest

from lab_core.errors import ConfigurationError
from lab_description import load_cell
from lab_operator.panels.port import PANELS
from lab_operator.parameters import ConsoleParameters
from lab_operator.testing.panel_contract import check_panel


@pytest.mark.parametrize("name", PANELS.names())
def test_it_keeps_the_contract(name, tmp_path):
    check_panel(name, load_cell("ur5e_table"), tmp_path)


def test_what_is_shown_by_default_is_there():
    assert set(ConsoleParameters().panels) <= set(PANELS.names())


def test_a_panel_that_nobody_has_is_named():
    with pytest.raises(ConfigurationError, match="no panel is called 'clock': expected one of attempts"):
        PANELS.require("clock")
