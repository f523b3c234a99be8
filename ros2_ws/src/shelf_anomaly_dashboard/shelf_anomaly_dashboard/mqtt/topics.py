# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The names of the topics. Store and robot are parts of them, so that brokers can keep rights."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote, unquote, urlsplit

from shelf_anomaly.errors import SettingsError

DEFAULT_PREFIX = 'shelf'
PORTS = {'mqtt': 1883, 'mqtts': 8883}


@dataclass(frozen=True, slots=True)
class Broker:
    """Where the broker is and who we are there."""

    host: str
    port: int
    secure: bool
    user: str = ''
    password: str = ''


def broker(url: str, password: str = '') -> Broker:
    """
    Return the broker of a URL, as mqtts://user@broker.example:8883.

    :param password: used when the URL has none
    :raises SettingsError: when it is none
    """
    try:
        parts = urlsplit(url)
        port = parts.port or PORTS[parts.scheme]
        if not parts.hostname or parts.path not in ('', '/'):
            raise ValueError(url)
    except (KeyError, ValueError):
        raise SettingsError(
            'the MQTT broker is no URL; expected for example mqtt://127.0.0.1:1883 '
            'or mqtts://user@broker.example:8883'
        ) from None
    return Broker(
        parts.hostname,
        port,
        parts.scheme == 'mqtts',
        unquote(parts.username or ''),
        unquote(parts.password or '') or password,
    )


def level(name: str) -> str:
    """Return a name as one level of a topic: what topics use otherwise is percent-encoded."""
    return quote(name, safe=' ')


@dataclass(frozen=True, slots=True)
class Topics:
    """The topics of one store."""

    prefix: str
    store: str

    @property
    def root(self) -> str:
        """What all topics of the store begin with."""
        return f'{self.prefix}/{level(self.store)}'

    @property
    def events(self) -> str:
        """Every change of every alert."""
        return f'{self.root}/events'

    @property
    def online(self) -> str:
        """Whether the dashboard is there; retained."""
        return f'{self.root}/dashboard'

    def reports(self, sort: str) -> str:
        """Return the pattern of what robots report."""
        return f'{self.root}/robots/+/{sort}'

    def verdicts(self, robot: str) -> str:
        """Return where a robot hears what people said of its alerts."""
        return f'{self.root}/robots/{level(robot)}/verdicts'

    def read(self, topic: str) -> tuple[str, str]:
        """Return robot and sort of report of a topic; empty texts when it is none of ours."""
        parts = topic.removeprefix(self.root + '/').split('/')
        if len(parts) != 3 or parts[0] != 'robots':
            return '', ''
        return unquote(parts[1]), parts[2]
