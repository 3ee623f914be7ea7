from connectly_api.sandbox.model.fields import inner, is_mapping, listed, text


def test_a_field_of_the_kind_asked_for_is_given_back() -> None:
    value = {"text": "x", "inner": {"a": 1}, "list": [{"b": 2}, 3]}
    assert text(value, "text") == "x"
    assert inner(value, "inner") == {"a": 1}
    assert listed(value, "list") == [{"b": 2}]


def test_a_field_that_is_missing_or_of_another_kind_is_empty() -> None:
    value = {"text": 1, "inner": "x", "list": {}}
    for name in ("text", "inner", "list", "missing"):
        assert not (text(value, name) if name != "inner" else "")
        assert not inner(value, name)
        assert not listed(value, name)


def test_only_mappings_are_mappings() -> None:
    assert is_mapping({})
    assert not is_mapping([])
