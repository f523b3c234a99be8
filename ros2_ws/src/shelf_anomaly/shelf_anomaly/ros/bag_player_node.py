# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Plays bags into the ROS graph with /clock, for machines without ``ros2 bag``."""

from __future__ import annotations

from collections.abc import Sequence
import importlib
import sys
from typing import Any

from rclpy.node import Node
from rclpy.publisher import Publisher
from rclpy.qos import DurabilityPolicy
from rosgraph_msgs.msg import Clock

from ..errors import BagError
from . import parameters, process, qos
from .parameter_table import Spec
from .playback import choose, find, split_names
from .player import Player, PlayerParameters

IMAGE_DEPTH, OTHER_DEPTH = 10, 100

SPECS: tuple[Spec, ...] = (
    Spec(
        'bag',
        '',
        'a bag, several with commas between them (played in this order), or a folder of bags',
    ),
    Spec('rate', 1.0, 'speed; 2.0 plays twice as fast', 0.01, 100.0),
    Spec('loop', False, 'begin again after the last bag'),
    Spec('start_offset', 0.0, 'begin so many seconds after the start of each bag', 0.0, 1.0e6),
    Spec(
        'bag_gap',
        3.0,
        'silence between two bags (s), in which /clock runs on: it ends what is under way',
        0.0,
        3600.0,
    ),
    Spec('clock_hz', 100.0, 'rate of /clock (1/s); 0 = no /clock', 0.0, 1000.0),
    Spec('topics', '', 'topics to play, with commas between them; empty = all'),
    Spec(
        'wait_for_subscribers',
        True,
        'begin only when someone reads the pictures (any topic if there are none)',
    ),
    Spec('wait_timeout', 30.0, 'begin without readers after this long (s)', 0.0, 3600.0),
)


class BagPlayerNode:
    """Publishes from a thread of its own; the executor answers parameter calls meanwhile."""

    def __init__(self, node: Node) -> None:
        """Look into the bags, advertise and play; :raises BagError: if they cannot be played."""
        self.node = node
        self._log = node.get_logger()
        self._parameters = _read(node)
        clock = node.create_publisher(Clock, '/clock', qos.profile(1))
        self._player = Player(self._parameters, self._advertise(), clock, self._log)
        self._player.start()

    @property
    def exit_code(self) -> int | None:
        """None until the last bag was played."""
        code: int | None = self._player.exit_code
        return code

    def close(self) -> bool:
        """Stop playing; return whether that was done in time."""
        return self._player.stop()

    def _advertise(self) -> dict[str, Publisher]:
        publishers: dict[str, Publisher] = {}
        for name, topic in self._parameters.topics.items():
            message_type = import_type(topic.type)
            if message_type is None:
                self._log.warning(
                    f'{name}: type {topic.type} is not installed here; the topic is not played'
                )
                continue
            kept = DurabilityPolicy.TRANSIENT_LOCAL if topic.latched else DurabilityPolicy.VOLATILE
            depth = IMAGE_DEPTH if topic.is_image else OTHER_DEPTH
            # Reliable whatever was recorded: readers of either kind take it, large frames arrive.
            publishers[name] = self.node.create_publisher(
                message_type, name, qos.profile(depth, durability=kept)
            )
        if not publishers:
            raise BagError(
                'none of the topics of the bag can be played: their types are not installed'
            )
        return publishers


def import_type(name: str) -> Any:
    """Return the message class of ``package/msg/Type``, or None if it is not installed."""
    package, _, message = name.split('/')
    try:
        return getattr(importlib.import_module(f'{package}.msg'), message)
    except (ImportError, AttributeError):
        return None


def _read(node: Node) -> PlayerParameters:
    values = parameters.declare(node, SPECS)
    for name in parameters.unknown_overrides(node, SPECS):
        node.get_logger().warning(f'parameter {name} is not known and has no effect')
    bags = find(split_names(str(values['bag'])), float(str(values['start_offset'])))
    return PlayerParameters(
        bags=tuple(bags),
        topics=choose(bags, split_names(str(values['topics']))),
        rate=float(str(values['rate'])),
        loop=bool(values['loop']),
        bag_gap_s=float(str(values['bag_gap'])),
        clock_hz=float(str(values['clock_hz'])),
        wait_for_subscribers=bool(values['wait_for_subscribers']),
        wait_timeout_s=float(str(values['wait_timeout'])),
    )


def build_player(_stop: process.StopSignals) -> BagPlayerNode:
    """Make the node; nothing is left behind if it cannot work."""
    node = Node('bag_player')
    try:
        return BagPlayerNode(node)
    except BaseException:
        node.destroy_node()
        raise


def main(args: Sequence[str] | None = None) -> int:
    """Run the player; :return: 0 at the end of the bags, 2 for a bag that cannot be played."""
    return process.run('bag_player_node', build_player, args)


if __name__ == '__main__':
    sys.exit(main())
