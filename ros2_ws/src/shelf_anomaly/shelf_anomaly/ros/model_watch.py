# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Notices that the model folder holds another model, and has it taken over while the node runs.

The new model is read, checked and built beside the frames; what is handed over is ready to use. A
model that is damaged or of another store is refused, and the one that runs goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rclpy.node import Node
from rclpy.task import Future
from std_srvs.srv import Trigger

from ..artefact import Artefact, load_artefact, MANIFEST
from ..errors import ArtefactError
from ..pipeline import Pipeline
from .errands import Errands
from .guard import Guard

SERVICE = 'reload_model'
ATTEMPTS = 3

Signature = tuple[int, int, int]


class ModelWatch:
    """Looks after one model folder."""

    def __init__(
        self,
        node: Node,
        folder: str | Path,
        running: Artefact,
        build: Callable[[Artefact], Pipeline],
        adopt: Callable[[Artefact, Pipeline], None],
        errands: Errands,
        guard: Guard,
    ) -> None:
        """
        Offer the service ``reload_model``.

        :param build: makes a pipeline on a model; called in the thread of the errands
        :param adopt: has a model that is ready taken over; called in the same thread
        """
        self._folder = Path(folder)
        self._build = build
        self._adopt = adopt
        self._errands = errands
        self._guard = guard
        self._log = node.get_logger()
        self._files = running.manifest['files']
        self._seen = self._signature()
        self._loading: Future | None = None
        self.problem = ''
        """Why the model in the folder is not the one that runs; empty when it is."""
        node.create_service(Trigger, SERVICE, self._answer)

    def tick(self) -> None:
        """Look whether the manifest has changed; call this every second or so."""
        now = self._signature()
        if now is None or now == self._seen or self._busy:
            return
        self._seen = now
        self._loading = self._errands.send(self._load)
        self._loading.add_done_callback(self._note)

    @property
    def _busy(self) -> bool:
        return self._loading is not None and not self._loading.done()

    async def _answer(
        self, _request: Trigger.Request, response: Trigger.Response
    ) -> Trigger.Response:
        self._seen = self._signature()
        self._loading = self._errands.send(self._load)
        self._loading.add_done_callback(self._note)
        try:
            response.message = await self._loading
            response.success = True
        except Exception as error:  # noqa: BLE001  the one who asked must get an answer
            response.message = str(error)
        return response

    def _note(self, loading: Future) -> None:
        error = loading.exception()
        if error is not None:
            self.problem = f'the new model was refused, the old one goes on: {error}'
            self._guard.failed('model', ArtefactError(self.problem))
        else:
            self.problem = ''

    def _load(self) -> str:
        for attempt in range(ATTEMPTS):
            before = self._signature()
            try:
                artefact = load_artefact(self._folder)
                break
            except ArtefactError:
                # Half of it may have been read before, half after the change: then read again.
                if attempt + 1 == ATTEMPTS or self._signature() == before:
                    raise
        if artefact.manifest['files'] == self._files:
            return f'{self._folder}: is the model that runs already'
        self._adopt(artefact, self._build(artefact))
        self._files = artefact.manifest['files']
        text = f'taking over model {artefact.name} from {self._folder}'
        self._log.info(text)
        return text

    def _signature(self) -> Signature | None:
        try:
            stat = (self._folder / MANIFEST).stat()
        except OSError:
            return None
        return stat.st_mtime_ns, stat.st_ino, stat.st_size
