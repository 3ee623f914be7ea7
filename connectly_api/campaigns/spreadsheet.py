"""Read spreadsheets of Excel and LibreOffice with python-calamine (extra `campaigns`)."""

from __future__ import annotations

from collections.abc import Collection, Generator, Sequence
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from connectly_api.campaigns.input_rows import to_cell_text
from connectly_api.campaigns.table_header import Record, read_table
from connectly_api.errors import InvalidInputError

if TYPE_CHECKING:
    from python_calamine import CalamineSheet, CalamineWorkbook


def read_spreadsheet(
    path: str | PathLike[str],
    needed: Collection[str],
    *,
    sheet: str | None = None,
    columns: Sequence[str] | None = None,
) -> Generator[Record, None, None]:
    """Yield a record for each line below the header; lines are numbered as Excel shows them.

    Raises:
        InvalidInputError: The file cannot be read, the sheet is not clear, the header lacks a column, or the extra is
            not installed.
        OSError: There is no such file.
    """
    try:
        import python_calamine  # noqa: PLC0415 (an extra)
    except ModuleNotFoundError:
        raise InvalidInputError("source: needs pip install 'connectly-api[campaigns]'", field="source") from None
    try:
        with Path(path).open("rb") as file, python_calamine.CalamineWorkbook.from_filelike(file) as workbook:
            found = _find_sheet(workbook, sheet)
            lines = enumerate(found.iter_rows(), 1)
    except python_calamine.CalamineError:
        raise InvalidInputError("source: is not a spreadsheet, or has a password", field="source") from None
    yield from read_table(((line, [to_cell_text(cell) for cell in cells]) for line, cells in lines), needed, columns)


def _find_sheet(workbook: CalamineWorkbook, name: str | None) -> CalamineSheet:
    from python_calamine import SheetTypeEnum, SheetVisibleEnum  # noqa: PLC0415 (an extra)

    shown = (SheetTypeEnum.WorkSheet, SheetVisibleEnum.Visible)
    visible = [one.name for one in workbook.sheets_metadata if (one.typ, one.visible) == shown]
    names = visible if name is None else [one for one in workbook.sheet_names if one == name]
    if not names:
        raise InvalidInputError("sheet: there is no such sheet", field="sheet")
    filled = [sheet for sheet in map(workbook.get_sheet_by_name, names) if sheet.height]
    if len(filled) != 1:
        problem = f"{len(filled)} sheets have cells; name one with sheet=" if filled else "the spreadsheet is empty"
        raise InvalidInputError(f"sheet: {problem}", field="sheet")
    return filled[0]
