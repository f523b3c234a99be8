# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The detector: one camera's frames in, alerts out. It only puts the parts together."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
import sys
import time
from typing import Any

from rclpy.clock import Clock, ClockType, JumpThreshold, TimeJump
from rclpy.duration import Duration
from rclpy.node import Node
from shelf_anomaly_msgs.msg import AlertVerdict, ShelfAlert, ShelfAlertArray
import yaml

from ..artefact import Artefact, load_artefact
from ..errors import SettingsError
from ..memory import default_path, Memory
from ..pipeline import Pipeline
from ..store_layout import load_store_layout
from ..teach import Teacher
from . import parameters, process, qos
from .alert_messages import alert_from_message, verdict_from_message
from .camera_input import CameraInput
from .conversions import time_ns
from .diagnostics import build, Facts
from .errands import Errands
from .guard import Guard
from .health import Health
from .images import decode
from .item_service import ItemService
from .model_watch import ModelWatch
from .parameter_table import Value
from .patrols import PatrolBook
from .pose_source import make_pose_source
from .publishers import Publishers
from .session import Session
from .shot import Shot
from .teaching import Teaching
from .worker import Worker

TICK_S, IDLE_S, SNAPSHOT_S, MODEL_S = 0.1, 0.5, 2.0, 1.0
HANG_S = 30.0
FINISH_S = 1.2
FLUSH_S = 0.3


class DetectorNode:
    """Everything of one camera. The executor's thread stores and times; the worker's inspects."""

    def __init__(self, node: Node) -> None:
        """
        Read parameters, store and model, then listen.

        :raises SettingsError: for a parameter, or a model of another store
        :raises LayoutError: for the store
        :raises ArtefactError: for the model
        """
        self.node = node
        self.exit_code: int | None = None
        self._health = Health()
        self._guard = Guard(self._health, node.get_logger())
        self._parameters = p = parameters.validate(parameters.declare(node))
        for name in parameters.unknown_overrides(node):
            node.get_logger().warning(
                f'parameter {name} is not known and has no effect; see docs/deployment.md'
            )
        self._store = load_store_layout(p.store)
        artefact = load_artefact(p.model)
        if artefact.store and artefact.store != self._store.store:
            raise SettingsError(
                f'{p.store}: is the layout of store {self._store.store!r}, but the model '
                f'{p.model} was made for '
                f'{artefact.store!r}; give the store that belongs to the model'
            )
        self._model = artefact.name
        self._robot = p.robot or node.get_namespace().strip('/') or 'robot'
        self._memory = open_memory(p.memory, self._store.store, self._robot)
        pipeline = Pipeline(self._store, artefact, p.pipeline_settings(), self._memory)
        self._publishers = Publishers(node, self._store, self._robot, self._model, self._guard)
        self._book = PatrolBook(round(p.patrol_gap_s * 1e9), p.patrol)
        self._session = Session(
            pipeline, self._book, decode, self._publishers, self._health, self._guard
        )
        self._worker: Worker[Shot] = Worker(
            self._session.frame, lambda error: self._guard.failed('inspection', error)
        )
        self._camera = CameraInput(node, p, self._health, self._guard, self._worker.submit)
        self._poses = make_pose_source(
            node, p, p.map_frame or self._store.frame, self._guard, self._camera.release
        )
        self._camera.use(self._poses)
        self._errands = Errands('errands')
        self._items = ItemService(node, self._store, artefact, self._errands, self._guard)
        self._watch = ModelWatch(
            node, p.model, artefact, self._build, self._adopt, self._errands, self._guard
        )
        self._teaching = Teaching(
            node,
            self._store,
            self._robot,
            p.teach_folder,
            partial(self._teacher, _document(p.store), artefact),
            self._switch_teaching,
            self._errands,
            self._guard,
        )
        self._started_s = time.monotonic()
        self._idle_asked = False
        self._listen()
        self._worker.start()
        self._publishers.open_alerts(self._session.open_alerts)
        self._publishers.draw_store(self._session.open_alerts)
        if p.teach:
            self._teaching.set(True)
        node.get_logger().info(
            f'inspecting {self._camera.image_topic}[/compressed] with model {self._model} '
            f'in store {self._store.store} '
            f'({len(self._store.bays)} bays), pose from {self._poses.name}, as robot '
            f'{self._robot}, memory {self._memory.path if self._memory else "none"} '
            f'({len(self._session.open_alerts)} open alerts)'
        )

    def close(self) -> bool:
        """
        End passes and patrol, publish what they bring, stop the worker; well under 2 s.

        :return: whether the worker has ended
        """
        self._errands.close()
        self._worker.call(self._session.finish)
        ended = self._worker.stop(FINISH_S)
        if not ended:
            self.node.get_logger().error(
                'the inspection did not end in time; its last pass is lost'
            )
        self._publishers.open_alerts(self._session.open_alerts)
        self._publishers.flush(FLUSH_S)
        if self._memory is not None:
            self._memory.close()
        return ended

    def _listen(self) -> None:
        node, guard = self.node, self._guard
        node.create_subscription(
            AlertVerdict, 'alert_verdicts', guard.wrap('verdict', self._take_verdict), qos.VERDICTS
        )
        for topic in peer_namespaces(self._parameters.peers):
            node.create_subscription(
                ShelfAlert,
                f'{topic}shelf_alerts',
                guard.wrap('peer', self._hear),
                qos.ALERTS,
            )
            node.create_subscription(
                ShelfAlertArray,
                f'{topic}open_alerts',
                guard.wrap('peer', self._hear_all),
                qos.OPEN_ALERTS,
            )
        parameters.watch(node, guard, self._apply)
        # Steady: timers of the node's clock stand still when simulated time does.
        steady = Clock(clock_type=ClockType.STEADY_TIME)
        for period_s, callback in (
            (TICK_S, self._tick),
            (IDLE_S, self._ask_idle),
            (self._parameters.status_period_s, self._report),
            (SNAPSHOT_S, self._repeat_open),
            (MODEL_S, self._watch_model),
        ):
            node.create_timer(
                period_s, guard.timer(callback.__name__.strip('_'), callback), clock=steady
            )
        backwards = JumpThreshold(
            min_forward=None, min_backward=Duration(seconds=-1), on_clock_change=True
        )
        # The handle is kept: without it rclpy calls into freed memory.
        self._jump = node.get_clock().create_jump_callback(backwards, post_callback=self._jumped)

    def _tick(self) -> None:
        self._camera.follow()
        self._poses.tick()
        self._camera.release()
        if self._simulated():
            self._camera.time.see(self.node.get_clock().now().nanoseconds, time.monotonic())
        if self._publishers.newcomer:
            self._publishers.newcomer = False
            self._publishers.open_alerts(self._session.open_alerts, pictures=True)
        if self._session.unsent and self._publishers.heard():
            self._session.unsent = False
            self._worker.call(self._session.say_again)
        if self._worker.busy_s(time.monotonic()) > HANG_S or not self._worker.alive:
            self.node.get_logger().fatal(
                f'the inspection has stood still for {HANG_S:.0f} s; '
                'ending, so that it is started again'
            )
            self.exit_code = process.INTERNAL

    def _ask_idle(self) -> None:
        now_ns = self._camera.time.now_ns(time.monotonic())
        if now_ns is None or self._idle_asked:
            return
        self._idle_asked = True
        self._worker.call(lambda: self._idle(now_ns))

    def _idle(self, now_ns: int) -> None:
        self._idle_asked = False
        self._session.idle(now_ns)

    def _report(self) -> None:
        self._camera.follow(every=True)
        self._teaching.report()
        self._health.set_count('dropped', self._worker.dropped)
        snapshot = self._health.snapshot()
        self._publishers.status(
            snapshot, len(self._session.open_alerts), self._session.relearn_bays
        )
        stamp = self.node.get_clock().now().to_msg()
        name = self.node.get_fully_qualified_name().lstrip('/')
        self._publishers.diagnostics(
            build(name, self._camera.frame_id, stamp, self._facts(), snapshot)
        )

    def _repeat_open(self) -> None:
        self._publishers.open_alerts(self._session.open_alerts)

    def _watch_model(self) -> None:
        self._watch.tick()

    def _teacher(self, document: Any, artefact: Artefact) -> Teacher:
        settings = self._parameters.pipeline_settings()
        return Teacher(
            self._parameters.teach_folder,
            self._store,
            document,
            px_per_m=artefact.number('px_per_m'),
            margin_m=artefact.number('margin_m'),
            gate=settings.gate,
            pass_gap_ns=settings.pass_gap_ns,
        )

    def _switch_teaching(self, on: bool) -> None:
        self._worker.call(partial(self._session.teach, self._teaching if on else None))

    def _build(self, artefact: Artefact) -> Pipeline:
        """Make a pipeline on a new model, in the thread of the errands."""
        return Pipeline(self._store, artefact, self._parameters.pipeline_settings())

    def _adopt(self, artefact: Artefact, fresh: Pipeline) -> None:
        """Have a new model taken over between two frames."""

        def take() -> None:
            self._session.adopt(fresh)
            self._model = artefact.name
            self._publishers.rename_model(artefact.name)

        self._worker.call(take)
        self._items.use(artefact)

    def _take_verdict(self, message: AlertVerdict) -> None:
        if message.store and message.store != self._store.store:
            return  # of another store on the same network
        alert_id, verdict = verdict_from_message(message)
        stamp_ns = time_ns(message.header.stamp) or self.node.get_clock().now().nanoseconds
        author, note = message.author, message.note
        self._worker.call(lambda: self._session.verdict(alert_id, verdict, stamp_ns, author, note))

    def _hear(self, message: ShelfAlert) -> None:
        if message.robot == self._robot or message.location.store != self._store.store:
            return
        alert = alert_from_message(message)
        self._worker.call(partial(self._session.hear, alert))

    def _hear_all(self, message: ShelfAlertArray) -> None:
        for alert in message.alerts:
            self._hear(alert)

    def _apply(self, name: str, value: Value) -> None:
        if name == 'false_alarms_per_aisle_patrol':
            self._worker.call(partial(self._session.set_budget, float(str(value))))
        elif name == 'patrol':
            self._worker.call(partial(self._session.rename, str(value)))
        elif name == 'teach':
            self._teaching.set(bool(value))

    def _jumped(self, jump: TimeJump) -> None:
        now = self.node.get_clock().now().nanoseconds
        if self._simulated():
            self._camera.time.reset(now, time.monotonic())

    def _simulated(self) -> bool:
        return bool(self.node.get_parameter('use_sim_time').value)

    def _facts(self) -> Facts:
        images = self._camera.subscriptions
        return Facts(
            image_topics=tuple(s.topic for s in images),
            publishers=sum(s.publishers for s in images),
            reliability=', '.join(sorted({s.reliability for s in images})),
            has_camera_info=self._camera.has_info,
            pose_source=self._poses.name,
            pose_age_s=self._poses.age_s(),
            model=self._model,
            model_folder=self._parameters.model,
            store=self._store.store,
            patrol=self._book.running or '',
            open_alerts=len(self._session.open_alerts),
            waiting_since_s=self._started_s,
            camera_timeout_s=self._parameters.camera_timeout_s,
            busy_s=self._worker.busy_s(time.monotonic()),
            model_problem=self._watch.problem,
            teaching=self._teaching.message if self._teaching.on else '',
        )


def peer_namespaces(asked: str) -> list[str]:
    """Return what goes before the topics of the detectors to listen to."""
    if asked == 'none':
        return []
    names = [name.strip().rstrip('/') for name in asked.split(',') if name.strip()]
    return [f'{name}/' for name in names] or ['']


def open_memory(asked: str, store: str, robot: str) -> Memory | None:
    """Open the memory that was asked for; :raises MemoryFileError: if it cannot be used."""
    if asked == 'none':
        return None
    return Memory(asked or default_path(store, robot), store)


def _document(store_file: str) -> Any:
    """Return the store layout as it is written; it was checked before."""
    with open(store_file, encoding='utf-8') as stream:
        return yaml.safe_load(stream)


def build_detector(_stop: process.StopSignals) -> DetectorNode:
    """Make the node; nothing is left behind if it cannot work."""
    node = Node('shelf_detector')
    try:
        return DetectorNode(node)
    except BaseException:
        node.destroy_node()
        raise


def main(args: Sequence[str] | None = None) -> int:
    """Run the detector; :return: 0, 2 (settings, store), 3 (model) or 70."""
    return process.run('detector_node', build_detector, args)


if __name__ == '__main__':
    sys.exit(main())
