# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The service ``locate_item``: a photo in, the places where its item is at home out."""

from __future__ import annotations

from rclpy.node import Node
from sensor_msgs.msg import CompressedImage
from shelf_anomaly_msgs.msg import ShelfLocation
from shelf_anomaly_msgs.srv import LocateItem

from ..artefact import Artefact
from ..errors import ShelfAnomalyError
from ..image_io import decode_compressed
from ..locate import ItemLocator, Place
from ..locate_page import place_picture
from ..places import encode_picture
from ..store_layout import StoreLayout
from .errands import Errands
from .guard import Guard

SERVICE = 'locate_item'
MAX_BYTES = 8 * 1024 * 1024
PLACES = 3
MAX_PLACES = 20


class ItemService:
    """Answers one photo at a time, beside the frames."""

    def __init__(
        self, node: Node, store: StoreLayout, artefact: Artefact, errands: Errands, guard: Guard
    ) -> None:
        """Offer the service; the normal codes are unpacked when the first photo comes."""
        self._store = store
        self._artefact = artefact
        self._errands = errands
        self._guard = guard
        self._locator: ItemLocator | None = None
        node.create_service(LocateItem, SERVICE, self._answer)

    def use(self, artefact: Artefact) -> None:
        """Answer by another model from the next photo on."""
        self._artefact, self._locator = artefact, None

    async def _answer(
        self, request: LocateItem.Request, response: LocateItem.Response
    ) -> LocateItem.Response:
        data = bytes(request.image.data)
        if len(data) > MAX_BYTES:
            response.message = (
                f'the photo has {len(data)} bytes; at most {MAX_BYTES} are taken: send it smaller'
            )
            return response
        if self._errands.full:
            response.message = 'too many photos are waiting; ask again in a moment'
            return response
        try:
            await self._errands.send(lambda: self._fill(request, data, response))
        except ShelfAnomalyError as error:
            response.message = str(error)
        except Exception as error:  # noqa: BLE001  the one who asked must get an answer
            self._guard.failed(SERVICE, error)
            response.message = f'the photo could not be answered: {error}'
        return response

    def _fill(
        self, request: LocateItem.Request, data: bytes, response: LocateItem.Response
    ) -> None:
        """Answer in the thread of the errands."""
        photo = decode_compressed(data, request.image.format, upright=True).image
        locator = self._locator
        if locator is None:
            locator = self._locator = ItemLocator(self._artefact, self._store, threads=1)
        places = locator.locate(photo, min(request.max_places or PLACES, MAX_PLACES))
        response.places = [self._location(place) for place in places]
        response.confidences = [place.confidence for place in places]
        response.skus = [place.sku for place in places]
        response.pictures = [
            CompressedImage(
                format='jpeg',
                data=encode_picture(place_picture(place, locator, self._store)),
            )
            for place in places
        ]
        response.success = bool(places)
        response.message = '' if places else 'the model knows no place to compare with'

    def _location(self, place: Place) -> ShelfLocation:
        return ShelfLocation(
            store=self._store.store,
            aisle=place.aisle,
            bay=place.bay,
            level=place.level,
            x=place.box.x,
            y=place.box.y,
            width=place.box.width,
            height=place.box.height,
        )
