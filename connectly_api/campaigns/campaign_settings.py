"""What a campaign keeps besides its rows, as JSON, and the request of a row that follows from it. Pure."""

from __future__ import annotations

import json
from typing import Any, Final, Self

import attrs

from connectly_api.campaigns.journal_protocol import TakenRow
from connectly_api.campaigns.row_callback import compose_callback
from connectly_api.campaigns.sending_hours import Hours
from connectly_api.campaigns.stop_rules import StopRules
from connectly_api.errors import InvalidInputError
from connectly_api.setting_rules import check_kind
from connectly_api.tracebacks import cut_init_traceback
from connectly_api.transport.rates import Rate
from connectly_api.wire.encoding import quote_string

ENDPOINT: Final = "send_whatsapp_templated_message"


def _validate_rate(_instance: object, attribute: attrs.Attribute[Any], value: object) -> None:
    check_kind(attribute.name, value, Rate, "a Rate, or None for no limit")


@cut_init_traceback
@attrs.frozen
class CampaignPace:
    """How fast the campaigns of a journal send, all processes and machines together; None means no limit.

    A 429 halves the rates, which recover within half a minute. Each is a little below the documented one, as other
    programs may send, too.

    Attributes:
        endpoint: For the business; the service allows 200 in any second.
        number: For the number that sends; WhatsApp allows 80 in any second.
    """

    endpoint: Rate | None = attrs.field(default=Rate(180.0, 6), validator=_validate_rate)
    number: Rate | None = attrs.field(default=Rate(70.0, 4), validator=_validate_rate)


@attrs.frozen
class CampaignSettings:
    """The settings of a campaign, from its plan, and from its first run.

    Attributes:
        business_id: The business; None until the first run.
        sender: The number that sends; None if neither the plan nor the client of a run has named one.
        campaign_name: A tag, or None.
        hours: When rows may be sent; None for any time.
        stop: When to stop.
        pace: The rates to keep to.
    """

    business_id: str | None = None
    sender: str | None = attrs.field(default=None, repr=False)
    campaign_name: str | None = None
    hours: Hours | None = None
    stop: StopRules = attrs.field(factory=StopRules)
    pace: CampaignPace = attrs.field(factory=CampaignPace)

    def to_json(self) -> str:
        """Return the settings as JSON."""
        return json.dumps(attrs.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read settings from `to_json`."""
        found = json.loads(text)
        rates = {name: rate and Rate(**rate) for name, rate in found.pop("pace").items()}
        hours, stop = found.pop("hours"), StopRules(**found.pop("stop"))
        return cls(**found, hours=hours and Hours(**hours), stop=stop, pace=CampaignPace(**rates))

    def bind(self, business_id: str, sender: str | None) -> Self:
        """Return the settings for a run by a client of a business.

        The first one decides, about the number the first that has one: later runs send from the same, whatever the
        defaults of their clients.

        Args:
            business_id: The client's.
            sender: The client's default, or None.

        Raises:
            InvalidInputError: The campaign is another business's.
        """
        if self.business_id not in {None, business_id}:
            raise InvalidInputError("connectly: the campaign was first run for another business", field="connectly")
        return attrs.evolve(self, business_id=business_id, sender=self.sender or sender)

    def list_rates(self) -> list[tuple[str, Rate]]:
        """Return the rates with the keys under which all campaigns of a journal share them."""
        rates = {ENDPOINT: self.pace.endpoint, self.sender or "": self.pace.number}
        return [(f"{self.business_id}/{key}", rate) for key, rate in rates.items() if rate is not None]


def compose_body(settings: CampaignSettings, token: str, row: TakenRow) -> bytes:
    """Return the body of a row's request: byte for byte what `Connectly.send` would send.

    Args:
        settings: The campaign's.
        token: The campaign's.
        row: The row.
    """
    sender = "" if settings.sender is None else f'"sender":{quote_string(settings.sender)},'
    tag = "" if settings.campaign_name is None else f'"campaignName":{quote_string(settings.campaign_name)},'
    callback = compose_callback(token, row.n, row.callback)
    number = quote_string(row.recipient)
    return f'{{{sender}"number":{number},{row.body[1:-1]},{tag}"callbackData":{callback}}}'.encode()
