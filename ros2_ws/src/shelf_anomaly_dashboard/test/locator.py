# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A dashboard of its own process whose locator knows one item: what is mostly red."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
import sys

import cv2
import numpy as np

from shelf_anomaly_dashboard.dashboard import run
from shelf_anomaly_dashboard.finder import FindError, FoundPlace
from shelf_anomaly_dashboard.settings import Settings
from shelf_anomaly_dashboard.site import Site


class Locator:
    """Answers when the photo is mostly red, and shows the photo it got."""

    def start(self) -> None:
        """Nothing is to be started."""

    def stop(self) -> None:
        """Nothing is to be stopped."""

    def locate(self, photo: bytes, max_places: int) -> Sequence[FoundPlace]:
        image = cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR)
        assert max(image.shape) <= 1024
        blue, _, red = image.reshape(-1, 3).mean(axis=0)
        if red < 2 * blue:
            raise FindError('<b>Not known</b> in this store.')
        best = FoundPlace('A2', 'A2-L01', 1, 0.4, 0.6, 0.1, 0.2, 0.9, photo)
        return [best, FoundPlace('<i>', '"><b>', 0, None, None, None, None, 0.2, b'<svg/>')]


def main() -> None:
    """Serve until a signal ends it."""
    store, folder = Path(sys.argv[1]), Path(sys.argv[2])
    database, pictures = f'sqlite:///{folder}/live.db', folder / 'live'

    def bridge(site: Site) -> Locator:
        locator = Locator()
        site.finder.use(locator)
        return locator

    run(Settings(store, database, pictures, port=0, login=False), bridge)


if __name__ == '__main__':
    main()
