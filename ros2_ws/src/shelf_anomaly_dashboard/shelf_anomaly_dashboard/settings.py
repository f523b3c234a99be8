# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What can be set, checked once."""

from __future__ import annotations

from dataclasses import dataclass
import ipaddress
import os
from pathlib import Path

from shelf_anomaly.errors import SettingsError

from .mqtt.topics import broker, DEFAULT_PREFIX
from .text import clean

DEFAULT_HOST = '127.0.0.1'
DEFAULT_PORT = 8080
LOOPBACK = frozenset({'localhost', '127.0.0.1', '::1'})


def data_folder() -> Path:
    """Return where the dashboard keeps its data when it is not told."""
    home = os.environ.get('XDG_DATA_HOME') or str(Path.home() / '.local' / 'share')
    return Path(home) / 'shelf_anomaly'


def mqtt_password() -> str:
    """Return the password for the MQTT broker; it is no option, which other users could see."""
    return os.environ.get('SHELF_ANOMALY_MQTT_PASSWORD', '')


@dataclass(frozen=True, slots=True)
class Settings:
    """One dashboard."""

    store: Path
    """The store's layout, a store.yaml."""
    database: str = ''
    """SQLAlchemy URL; empty is an SQLite file in the user's data folder."""
    evidence_dir: Path | None = None
    """Folder of the pictures; None is one in the user's data folder."""
    host: str = DEFAULT_HOST
    port: int = DEFAULT_PORT
    """0 takes any port that is free."""
    title: str = ''
    """What the pages are headed with; empty is the store's name."""
    allow_network: bool = False
    """Whether machines other than this one may open the pages."""
    hostnames: tuple[str, ...] = ()
    """Further names under which browsers may ask for the pages, as shelf.shop.local."""

    login: bool = True
    """Whether people must log in; without, only this machine may be listened to."""
    certificate: Path | None = None
    """PEM file of the server's certificate (chain); with it the pages are served over https."""
    key: Path | None = None
    """PEM file of the certificate's key; None is in the same file."""
    https: bool = False
    """Whether browsers come over https, also when a proxy before this dashboard ends it."""

    mqtt: str = ''
    """URL of an MQTT broker, as mqtts://user@broker.example:8883; empty is none."""
    mqtt_prefix: str = DEFAULT_PREFIX
    """First level of every topic."""

    def __post_init__(self) -> None:
        """Fill in the defaults; :raises SettingsError: for what would be unsafe."""
        if not 0 <= self.port <= 65535:
            raise SettingsError(f'port {self.port} is none; expected 0 to 65535')
        if not self.allow_network and not is_loopback(self.host):
            raise SettingsError(
                f'host {clean(self.host)!r} can be reached from other machines, '
                'which then see the page of the login; '
                'pass --allow-network (allow_network:=true for the node) if that is meant, '
                'and --certificate, as passwords travel in the clear without'
            )
        if not self.login and (self.allow_network or not is_loopback(self.host)):
            raise SettingsError(
                'without login everybody in the network could judge alerts; --no-login '
                '(login:=false for the node) goes with this machine only, without --allow-network'
            )
        for path in filter(None, (self.certificate, self.key)):
            if not os.access(path, os.R_OK):
                raise SettingsError(f'{path}: cannot be read; expected a PEM file')
        if self.key and not self.certificate:
            raise SettingsError('a key without a certificate; pass --certificate FILE too')
        if self.mqtt:
            broker(self.mqtt)
        if not self.mqtt_prefix or set(self.mqtt_prefix) & set('+#'):
            raise SettingsError('the MQTT prefix is the beginning of a topic, without + and #')
        object.__setattr__(self, 'https', self.https or self.certificate is not None)
        object.__setattr__(
            self, 'database', self.database or f'sqlite:///{data_folder() / "dashboard.db"}'
        )
        object.__setattr__(self, 'evidence_dir', self.evidence_dir or data_folder() / 'evidence')
        object.__setattr__(self, 'title', clean(self.title))


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach ``host``."""
    if host.lower() in LOOPBACK:
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
