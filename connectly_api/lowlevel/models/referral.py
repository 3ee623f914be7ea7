# Generated from service.swagger.json by "python -m codegen generate": do not edit.
from __future__ import annotations

import typing as _typing

import attrs as _attrs

from connectly_api import tracebacks as _tracebacks
from connectly_api.wire import reading as _reading
from connectly_api.wire import unset as _unset
from connectly_api.wire import writing as _writing

_SPELLINGS: dict[str, str] = {
    "ctwa_clid": "ctwaClid",
    "source_url": "sourceUrl",
    "source_id": "sourceId",
    "source_type": "sourceType",
    "media_type": "mediaType",
    "image_url": "imageUrl",
    "video_url": "videoUrl",
    "thumbnail_url": "thumbnailUrl",
}


@_attrs.define(kw_only=True, repr=False, field_transformer=_writing.hide_values)
class Referral:
    """`v1Referral` of the service's Swagger file.

    Attributes:
        ctwa_clid: `ctwaClid` on the wire.
        source_url: `sourceUrl` on the wire.
        source_id: `sourceId` on the wire.
        source_type: `sourceType` on the wire.
        headline: `headline` on the wire.
        body: `body` on the wire.
        media_type: `mediaType` on the wire.
        image_url: `imageUrl` on the wire.
        video_url: `videoUrl` on the wire.
        thumbnail_url: `thumbnailUrl` on the wire.
        additional_properties: Received values without a field, or not of their field's type, by name on the
            wire. They are written with the fields; a field that is set wins.
    """

    ctwa_clid: str | _unset.Unset = _unset.UNSET
    source_url: str | _unset.Unset = _unset.UNSET
    source_id: str | _unset.Unset = _unset.UNSET
    source_type: str | _unset.Unset = _unset.UNSET
    headline: str | _unset.Unset = _unset.UNSET
    body: str | _unset.Unset = _unset.UNSET
    media_type: str | _unset.Unset = _unset.UNSET
    image_url: str | _unset.Unset = _unset.UNSET
    video_url: str | _unset.Unset = _unset.UNSET
    thumbnail_url: str | _unset.Unset = _unset.UNSET
    additional_properties: dict[str, _typing.Any] = _attrs.field(factory=_reading.new_object)

    def __repr__(self) -> str:
        """Show the names of the fields that are set, but not their values, which may be personal."""
        return _writing.describe_set_fields(self)

    def to_dict(self) -> dict[str, _typing.Any]:
        """Return the fields that are set as a JSON object, without unspecified enum values."""
        written: dict[str, _typing.Any] = {}
        if self.ctwa_clid is not _unset.UNSET:
            _writing.put(written, "ctwaClid", self.ctwa_clid)
        if self.source_url is not _unset.UNSET:
            _writing.put(written, "sourceUrl", self.source_url)
        if self.source_id is not _unset.UNSET:
            _writing.put(written, "sourceId", self.source_id)
        if self.source_type is not _unset.UNSET:
            _writing.put(written, "sourceType", self.source_type)
        if self.headline is not _unset.UNSET:
            _writing.put(written, "headline", self.headline)
        if self.body is not _unset.UNSET:
            _writing.put(written, "body", self.body)
        if self.media_type is not _unset.UNSET:
            _writing.put(written, "mediaType", self.media_type)
        if self.image_url is not _unset.UNSET:
            _writing.put(written, "imageUrl", self.image_url)
        if self.video_url is not _unset.UNSET:
            _writing.put(written, "videoUrl", self.video_url)
        if self.thumbnail_url is not _unset.UNSET:
            _writing.put(written, "thumbnailUrl", self.thumbnail_url)
        return _writing.finish_object(written, self.additional_properties, _SPELLINGS)

    @classmethod
    @_tracebacks.cut_traceback
    def from_dict(cls, source: object) -> _typing.Self:
        """Read decoded JSON; a value of the wrong type only drops its own field.

        Raises:
            ValueError: It is neither an object nor None.
        """
        rest = _reading.open_object(source, _SPELLINGS)
        return cls(
            ctwa_clid=_reading.take(rest, "ctwaClid", _reading.as_text),
            source_url=_reading.take(rest, "sourceUrl", _reading.as_text),
            source_id=_reading.take(rest, "sourceId", _reading.as_text),
            source_type=_reading.take(rest, "sourceType", _reading.as_text),
            headline=_reading.take(rest, "headline", _reading.as_text),
            body=_reading.take(rest, "body", _reading.as_text),
            media_type=_reading.take(rest, "mediaType", _reading.as_text),
            image_url=_reading.take(rest, "imageUrl", _reading.as_text),
            video_url=_reading.take(rest, "videoUrl", _reading.as_text),
            thumbnail_url=_reading.take(rest, "thumbnailUrl", _reading.as_text),
            additional_properties=rest,
        )
