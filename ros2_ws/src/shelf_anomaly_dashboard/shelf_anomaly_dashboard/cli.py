# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The command ``shelf-anomaly-dashboard``."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Sequence
import logging
from pathlib import Path
import sys

from shelf_anomaly.errors import SettingsError, ShelfAnomalyError

from . import admin_cli
from .dashboard import Bridge, leave_quickly, run
from .mqtt.topics import DEFAULT_PREFIX
from .settings import DEFAULT_HOST, DEFAULT_PORT, Settings
from .site import Site

BAD_SETTINGS = 2
COMMANDS = admin_cli.COMMANDS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the dashboard; return 0, or 2 after one line that says what to change."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in COMMANDS:
        return admin_cli.main(given)
    wanted = _parser().parse_args(given)
    logging.basicConfig(
        level=logging.INFO if wanted.verbose else logging.WARNING, format='%(name)s: %(message)s'
    )
    try:
        settings = Settings(
            store=wanted.store,
            database=wanted.database,
            evidence_dir=wanted.evidence,
            host=wanted.host,
            port=wanted.port,
            title=wanted.title,
            allow_network=wanted.allow_network,
            hostnames=tuple(wanted.hostname),
            login=not wanted.no_login,
            certificate=wanted.certificate,
            key=wanted.key,
            https=wanted.behind_https,
            mqtt=wanted.mqtt,
            mqtt_prefix=wanted.mqtt_prefix,
        )
        run(settings, None if wanted.no_ros else _ros_bridge())
    except ShelfAnomalyError as error:
        print(f'shelf-anomaly-dashboard: {error}', file=sys.stderr)
        return BAD_SETTINGS
    leave_quickly()
    return 0


def _ros_bridge() -> Callable[[Site], Bridge]:
    try:
        from .ros.bridge import RosBridge
    except ImportError as error:
        raise SettingsError(
            f'ROS 2 cannot be used here ({error}); source its setup file, '
            'or pass --no-ros to only show what is in the database'
        ) from None
    return RosBridge


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog='shelf-anomaly-dashboard',
        description='Show what the patrolling robots report, and tell them what people say.',
        epilog='Commands beside it, each with --help: users (add, list, passwd, role, remove), '
        'tokens (add, list, remove), purge.',
    )
    parser.add_argument(
        '--store',
        type=Path,
        required=True,
        metavar='FILE',
        help="the store's layout, a store.yaml",
    )
    parser.add_argument(
        '--database',
        default='',
        metavar='URL',
        help='SQLAlchemy URL (an SQLite file in the data folder of the user)',
    )
    parser.add_argument(
        '--evidence',
        type=Path,
        metavar='DIR',
        help='folder for the pictures (one in the data folder of the user)',
    )
    parser.add_argument(
        '--host',
        default=DEFAULT_HOST,
        help='address to listen on (%(default)s: this machine only)',
    )
    parser.add_argument(
        '--port', type=int, default=DEFAULT_PORT, help='port to listen on (%(default)s)'
    )
    parser.add_argument(
        '--title', default='', help="what the pages are headed with (the store's name)"
    )
    parser.add_argument('--no-ros', action='store_true', help='do not listen to robots')
    parser.add_argument(
        '--allow-network',
        action='store_true',
        help='let other machines open the pages; they see the login first',
    )
    parser.add_argument(
        '--no-login',
        action='store_true',
        help='ask for no password; only with an address of this machine',
    )
    parser.add_argument(
        '--certificate',
        type=Path,
        metavar='FILE',
        help='serve https with this certificate, a PEM file',
    )
    parser.add_argument(
        '--key', type=Path, metavar='FILE', help="the certificate's key, if not in the same file"
    )
    parser.add_argument(
        '--behind-https',
        action='store_true',
        help='a proxy before the dashboard speaks https: cookies are sent over it only',
    )
    parser.add_argument(
        '--hostname',
        action='append',
        default=[],
        metavar='NAME',
        help='a further name that browsers may ask for; may be repeated',
    )
    parser.add_argument(
        '--mqtt',
        default='',
        metavar='URL',
        help='hear and tell robots and other systems over this broker too, as '
        'mqtts://user@broker.example; the password comes from SHELF_ANOMALY_MQTT_PASSWORD',
    )
    parser.add_argument(
        '--mqtt-prefix',
        default=DEFAULT_PREFIX,
        metavar='TEXT',
        help='first level of the topics (%(default)s)',
    )
    parser.add_argument('--verbose', action='store_true', help='log more')
    return parser


if __name__ == '__main__':
    sys.exit(main())
