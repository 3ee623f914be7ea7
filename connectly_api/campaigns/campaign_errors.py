"""The errors of campaigns."""

from __future__ import annotations

from connectly_api.errors import ConnectlyError


class CampaignError(ConnectlyError):
    """The base class of the errors of campaigns."""


class CampaignExistsError(CampaignError):
    """A campaign of this name exists, and its rows, contents or settings are others."""


class CampaignNotFoundError(CampaignError):
    """The journal has no campaign of this name."""


class JournalError(CampaignError):
    """The journal's file or database cannot be used; the text says why.

    `retry_safe` says whether that may pass: a database that is busy or away, a full disk. The call then had no effect,
    or one that repeating it does not double.
    """

    def __init__(self, message: str, *, retry_safe: bool = False) -> None:
        super().__init__(message)
        if retry_safe:
            self.retry_safe = True
