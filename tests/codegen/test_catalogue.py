"""Every change of the catalogue comes to what its row says."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from codegen.difference import line
from codegen.spec.document import CodegenError
from tests.codegen.catalogue import ROWS
from tests.codegen.catalogue.outcome import difference_of, outcomes
from tests.codegen.catalogue.row import Row


@pytest.mark.slow
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_the_difference_says_what_changed(row: Row, tmp_path: Path) -> None:
    if row.refused and not row.lines:
        with pytest.raises(CodegenError) as caught:
            difference_of(row, tmp_path)
        assert str(caught.value) == f"{tmp_path / 'service.swagger.json'}: {row.refused}"
    else:
        assert tuple(map(line, difference_of(row, tmp_path).changes)) == row.lines


# Types and contracts are looked at for all rows together: each row on its own would take a minute.
@pytest.mark.once
@pytest.mark.parametrize(
    "rows", [pytest.param(ROWS[::13], id="a sample"), pytest.param(ROWS, id="all", marks=pytest.mark.long)]
)
def test_every_row_comes_to_what_it_says(rows: Sequence[Row], tmp_path: Path) -> None:
    found = outcomes(rows, tmp_path)
    assert [outcome.problem for outcome in found if outcome.problem] == []
    assert len(found) == len({row.name for row in rows})
