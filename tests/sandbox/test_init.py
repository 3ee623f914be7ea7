import importlib
import sys

import pytest


@pytest.mark.parametrize("missing", ["starlette", "uvicorn", "jsonschema"])
def test_without_the_extra_the_import_says_what_to_install(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    for name in [
        name for name in sys.modules if name.partition(".")[0] == missing or name.startswith("connectly_api.sandbox")
    ]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install 'connectly-api\[sandbox\]'"):
        importlib.import_module("connectly_api.sandbox")


def test_another_missing_module_is_not_explained_away(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("connectly_api.sandbox")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "connectly_api.errors", None)
    with pytest.raises(ModuleNotFoundError) as caught:
        importlib.import_module("connectly_api.sandbox")
    assert "pip install" not in str(caught.value)
