# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The node ``dashboard_node``: the dashboard with its settings as ROS parameters."""

from __future__ import annotations

from collections.abc import Sequence
import functools
import logging
from pathlib import Path
import sys

from rcl_interfaces.msg import IntegerRange, ParameterDescriptor
import rclpy
from rclpy.node import Node

from shelf_anomaly.errors import SettingsError, ShelfAnomalyError

from ..dashboard import leave_quickly, run
from ..settings import DEFAULT_HOST, DEFAULT_PORT, Settings
from .bridge import make_node, RosBridge

BAD_SETTINGS = 2

PARAMETERS: tuple[tuple[str, str | int | bool | list[str], str], ...] = (
    ('store', '', "the store's layout, a store.yaml; needed"),
    ('database', '', "SQLAlchemy URL; empty is an SQLite file in the user's data folder"),
    ('evidence_dir', '', "folder for the pictures; empty is one in the user's data folder"),
    ('host', DEFAULT_HOST, 'address to listen on; 127.0.0.1 is this machine only'),
    ('port', DEFAULT_PORT, 'port to listen on; 0 is any that is free'),
    ('title', '', "what the pages are headed with; empty is the store's name"),
    ('allow_network', False, 'let other machines open the pages; they see the login first'),
    ('login', True, 'ask for name and password; false only with an address of this machine'),
    ('certificate', '', 'serve https with this certificate, a PEM file; empty is http'),
    ('key', '', "the certificate's key; empty is in the same file"),
    ('mqtt', '', 'URL of an MQTT broker that robots and other systems use too; empty is none'),
    ('mqtt_prefix', 'shelf', 'first level of the MQTT topics'),
    ('behind_https', False, 'a proxy before the dashboard speaks https'),
    ('hostnames', [''], 'further names under which browsers may ask for the pages'),
    (
        'pose_topic',
        'robot_pose',
        "PoseWithCovarianceStamped of the robot's base in the map; empty is none",
    ),
)


def declare(node: Node) -> None:
    """Declare every parameter; none can change while the dashboard runs."""
    for name, default, description in PARAMETERS:
        descriptor = ParameterDescriptor(description=description, read_only=True)
        if name == 'port':
            descriptor.integer_range = [IntegerRange(from_value=0, to_value=65535, step=1)]
        node.declare_parameter(name, default, descriptor)


def read_settings(node: Node) -> Settings:
    """Return the settings that the parameters ask for; :raises SettingsError: with the way out."""
    values = {name: node.get_parameter(name).value for name, _, _ in PARAMETERS}
    if not values['store']:
        raise SettingsError(
            'parameter store is empty; pass the layout: --ros-args -p store:=/path/to/store.yaml'
        )
    return Settings(
        store=Path(values['store']),
        database=values['database'],
        evidence_dir=Path(values['evidence_dir']) if values['evidence_dir'] else None,
        host=values['host'],
        port=values['port'],
        title=values['title'],
        allow_network=values['allow_network'],
        login=values['login'],
        certificate=Path(values['certificate']) if values['certificate'] else None,
        key=Path(values['key']) if values['key'] else None,
        https=values['behind_https'],
        mqtt=values['mqtt'],
        mqtt_prefix=values['mqtt_prefix'],
        hostnames=tuple(name for name in values['hostnames'] if name),
    )


def main(args: Sequence[str] | None = None) -> int:
    """Run the node and return the exit status: 0, or 2 with one line that says what to change."""
    logging.basicConfig(level=logging.WARNING, format='%(name)s: %(message)s')
    node = make_node(args=args)
    try:
        declare(node)
        settings = read_settings(node)
        pose_topic = str(node.get_parameter('pose_topic').value)
        run(settings, functools.partial(RosBridge, node=node, pose_topic=pose_topic))
    except (ShelfAnomalyError, rclpy.exceptions.ParameterException) as error:
        print(f'dashboard_node: {error}', file=sys.stderr)
        return BAD_SETTINGS
    finally:
        rclpy.try_shutdown()
    leave_quickly()
    return 0


if __name__ == '__main__':
    sys.exit(main())
