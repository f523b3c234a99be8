# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Teaching by topic, service and parameter: the node gathers views while it is on, and says so."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.task import Future
from shelf_anomaly_msgs.msg import TeachStatus
from std_srvs.srv import SetBool

from ..errors import DatasetError, SettingsError
from ..records import CameraPose, Frame
from ..store_layout import StoreLayout
from ..teach import BayProgress, Teacher
from . import qos
from .errands import Errands
from .guard import Guard

SERVICE, TOPIC = 'teach', 'teach_status'


class Teaching:
    """Whether the node is being taught, and by what it gathers."""

    def __init__(
        self,
        node: Node,
        store: StoreLayout,
        robot: str,
        folder: str,
        make: Callable[[], Teacher],
        switch: Callable[[bool], None],
        errands: Errands,
        guard: Guard,
    ) -> None:
        """
        Offer the service and the topic.

        :param folder: where the views go; empty = the node cannot be taught
        :param make: makes a teacher; called in the worker's thread
        :param switch: told in the executor's thread that teaching begins or has ended
        """
        self._node, self._store, self._robot = node, store, robot
        self._folder, self._make, self._switch = folder, make, switch
        self._errands, self._guard = errands, guard
        self._teacher: Teacher | None = None
        self._writing: Future | None = None
        self._progress: tuple[BayProgress, ...] = ()
        self.on = False
        self.message = 'not being taught'
        self._publisher: Publisher = node.create_publisher(TeachStatus, TOPIC, qos.TEACHING)
        node.create_service(SetBool, SERVICE, self._answer)

    def set(self, on: bool) -> str:
        """
        Begin or end to gather; executor's thread.

        :return: a sentence on what happens now
        :raises SettingsError: if it cannot be taught
        """
        if on == self.on:
            return self.message
        if on and not self._folder:
            raise SettingsError(
                'parameter teach_folder: is empty; name the folder of the views when the node '
                'is started (-p teach_folder:=DIR)'
            )
        if on and self._writing is not None and not self._writing.done():
            raise SettingsError('the views of the last teaching are still being written; wait')
        self.on = on
        self.message = (
            f'being taught: gathering views into {self._folder}; no alerts are raised'
            if on
            else f'writing the views to {self._folder}'
        )
        self._switch(on)
        return self.message

    def begin(self) -> None:
        """Open the dataset; worker's thread."""
        try:
            self._teacher = self._make()
            self._progress = self._teacher.progress
        except DatasetError as error:
            self.message = f'cannot be taught: {error}'
            self._guard.failed('teach', error)

    def add(self, frame: Frame, pose: CameraPose, patrol: str) -> None:
        """Take a frame; worker's thread."""
        if self._teacher is None:
            return
        try:
            if self._teacher.add(frame, pose, patrol):
                self._progress = self._teacher.progress
        except DatasetError as error:
            self.message = str(error)
            self._guard.failed('teach', error)

    def end(self) -> None:
        """Have the dataset written beside the frames; worker's thread."""
        teacher, self._teacher = self._teacher, None
        if teacher is None:
            self.message = 'nothing was gathered'
            return
        self._writing = self._errands.send(lambda: self._finish(teacher))

    def report(self) -> None:
        """Publish how far it is."""
        message = TeachStatus(
            teaching=self.on,
            robot=self._robot,
            store=self._store.store,
            dataset=str(Path(self._folder).absolute()) if self._folder else '',
            message=self.message,
            bays=[bay.bay for bay in self._progress],
            passes=[min(bay.passes, 65535) for bay in self._progress],
            passes_wanted=[bay.wanted for bay in self._progress],
            views=[bay.views for bay in self._progress],
        )
        message.header.stamp = self._node.get_clock().now().to_msg()
        message.header.frame_id = self._store.frame
        self._guard.run('publish', self._publisher.publish, message)

    def _finish(self, teacher: Teacher) -> None:
        try:
            dataset = teacher.finish()
        except Exception as error:  # noqa: BLE001  said in the status; what was gathered is kept
            self.message = f'the views could not be written: {error}'
            self._guard.failed('teach', error)
            return
        if dataset is None:
            self.message = 'nothing was gathered'
            return
        bays = ','.join(dataset.bays)
        self.message = (
            f'{len(dataset.views)} views are in {dataset.folder}; learn them with: shelf-train '
            f'fit {dataset.folder} --bays {bays} --into MODEL'
        )
        self._node.get_logger().info(self.message)

    def _answer(self, request: SetBool.Request, response: SetBool.Response) -> SetBool.Response:
        try:
            response.message = self.set(bool(request.data))
            response.success = True
        except SettingsError as error:
            response.message = str(error)
        return response
