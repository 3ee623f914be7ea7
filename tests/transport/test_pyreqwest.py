"""What the pyreqwest adapter takes for a proof that nothing left."""

from __future__ import annotations

import pytest
from pyreqwest.exceptions import ConnectError, ConnectTimeoutError

from connectly_api.transport.pyreqwest_exchange import _never_connected

SENDING = "error sending request for url (https://api.connectly.ai/)"


@pytest.mark.parametrize(
    ("causes", "proven"),
    [
        ([SENDING, "client error (Connect)", "tcp connect error", "Connection refused (os error 111)"], True),
        ([SENDING, "client error (Connect)"], True),
        ([SENDING, "client error (SendRequest)", "connection closed before message completed"], False),
        ([SENDING, "client error (SendRequest)", "client error (Connect)"], False),
        ([SENDING, "operation timed out"], False),
        ([SENDING, "client error (ConnectReset)"], False),
        ([SENDING], False),
        (["client error (Connect)"], False),
        (["error decoding response body", "client error (Connect)"], False),
        ([], False),
        (None, False),
    ],
)
@pytest.mark.parametrize("kind", [ConnectError, ConnectTimeoutError])
def test_only_the_chain_of_causes_proves_that_nothing_left(
    kind: type[ConnectError | ConnectTimeoutError], causes: list[str] | None, *, proven: bool
) -> None:
    error = kind("connection error", {"causes": None if causes is None else [{"message": cause} for cause in causes]})
    assert _never_connected(error) is proven
