# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""What admins do on the command line: users and tokens."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import fields, replace
import getpass
from pathlib import Path
import sys
import time

from rich.console import Console
from rich.table import Table

from shelf_anomaly.errors import ShelfAnomalyError
from shelf_anomaly.store_layout import load_store_layout

from .accounts import Accounts
from .database import Database
from .evidence import EvidenceStore
from .options import Options
from .passwords import make_password
from .retention import Policy, Retention
from .roles import AccessError, role
from .settings import data_folder
from .tokens import SCOPES, Tokens

COMMANDS = ('users', 'tokens', 'purge')
BAD = 2


def main(arguments: Sequence[str]) -> int:
    """Do one thing; return 0, or 2 after one line that says what to change."""
    wanted = _parser().parse_args(arguments)
    try:
        with ExitStack() as stack:
            layout = load_store_layout(wanted.store)
            database = Database(wanted.database or f'sqlite:///{data_folder() / "dashboard.db"}')
            stack.callback(database.close)
            if wanted.command == 'users':
                _users(wanted, Accounts(database, layout.store, time.time_ns))
            elif wanted.command == 'purge':
                _purge(wanted, database, layout.store)
            else:
                _tokens(wanted, Tokens(database, layout.store, time.time_ns))
    except ShelfAnomalyError as error:
        print(f'shelf-anomaly-dashboard {wanted.command}: {error}', file=sys.stderr)
        return BAD
    return 0


def _users(wanted: argparse.Namespace, accounts: Accounts) -> None:
    if wanted.action == 'list':
        _table(
            ('user', 'role', 'last login'),
            [(u.name, u.role, _when(u.last_login_ns)) for u in accounts.users()],
        )
    elif wanted.action == 'add':
        name = accounts.add(wanted.name, role(wanted.role), _password(wanted.generate))
        print(f'{name} may log in as {wanted.role}.')
    elif wanted.action == 'passwd':
        if wanted.name.lower() not in {user.name for user in accounts.users()}:
            raise AccessError(f'there is no user {wanted.name!r}; "users list" shows them')
        accounts.set_password(wanted.name, _password(wanted.generate))
        print(f'The password of {wanted.name} is changed; all its logins have ended.')
    elif wanted.action == 'role':
        accounts.set_role(wanted.name, role(wanted.role))
        print(f'{wanted.name} is {wanted.role} now.')
    else:
        accounts.remove(wanted.name)
        print(f'{wanted.name} is removed and logged out.')


def _tokens(wanted: argparse.Namespace, tokens: Tokens) -> None:
    if wanted.action == 'list':
        _table(
            ('number', 'name', 'starts with', 'may', 'last used'),
            [
                (str(t.id), t.name, t.start, ', '.join(t.scopes), _when(t.used_ns))
                for t in tokens.tokens()
            ],
        )
    elif wanted.action == 'add':
        print(tokens.make(wanted.name, wanted.scope or ['read'], days=wanted.days))
        print('It is shown only now; send it as "Authorization: Bearer TOKEN".', file=sys.stderr)
    else:
        tokens.remove(wanted.number)
        print(f'Token {wanted.number} is taken back.')


def _purge(wanted: argparse.Namespace, database: Database, store: str) -> None:
    evidence = EvidenceStore(wanted.evidence or data_folder() / 'evidence')
    retention = Retention(database, store, Options(database, store), evidence, time.time_ns)
    said = {f.name: getattr(wanted, f.name) for f in fields(Policy)}
    policy = replace(retention.policy(), **{k: v for k, v in said.items() if v is not None})
    if wanted.save:
        retention.set_policy(policy)
    removed = retention.purge(policy)
    _table(
        ('what', 'kept for days (0: for ever)', 'removed now'),
        [
            ('resolved alerts', str(policy.resolved_days), str(removed.alerts)),
            ('sightings', str(policy.sightings_days), str(removed.sightings)),
            ('inspections', str(policy.inspections_days), str(removed.inspections)),
            ('pictures that nothing shows', '', str(removed.pictures)),
        ],
    )


def _password(generate: bool) -> str:
    if generate:
        password = make_password()
        print(f'Password, shown only now: {password}')
        return password
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip('\n')
    first = getpass.getpass('Password: ')
    if first != getpass.getpass('Once more: '):
        raise AccessError('these were two different passwords; nothing is changed')
    return first


def _when(stamp_ns: int) -> str:
    return (
        time.strftime('%Y-%m-%d %H:%M', time.localtime(stamp_ns / 10**9)) if stamp_ns else 'never'
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    table = Table(*head)
    for row in rows:
        table.add_row(*row)
    Console().print(table)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog='shelf-anomaly-dashboard')
    commands = parser.add_subparsers(dest='command', required=True)
    users = commands.add_parser('users', help='who may log in').add_subparsers(
        dest='action', required=True
    )
    listed = _database(users.add_parser('list', help='show them'))
    listed.set_defaults(name='')
    for action, text in (
        ('add', 'add one; the password is asked for, or read from the standard input'),
        ('passwd', 'set a password anew, and end all logins made with the old one'),
        ('role', 'change what one may do'),
        ('remove', 'remove one, with all logins'),
    ):
        one = _database(users.add_parser(action, help=text, description=text))
        one.add_argument('name', help='what is typed at the login')
        if action in ('add', 'role'):
            one.add_argument(
                '--role',
                choices=('viewer', 'staff', 'admin'),
                default='staff',
                help='viewer sees, staff judges alerts too, admin rules (%(default)s)',
            )
        if action in ('add', 'passwd'):
            one.add_argument('--generate', action='store_true', help='make a password, show it')
    tokens = commands.add_parser('tokens', help='what other programs show').add_subparsers(
        dest='action', required=True
    )
    _database(tokens.add_parser('list', help='show them, without the secrets'))
    add = _database(tokens.add_parser('add', help='make one and print it'))
    add.add_argument('name', help='what it is for')
    add.add_argument(
        '--scope', action='append', choices=SCOPES, help='what it may; may be repeated (read)'
    )
    add.add_argument('--days', type=int, help='after how many days it ends (never)')
    _database(tokens.add_parser('remove', help='take one back')).add_argument('number', type=int)
    purge = _database(
        commands.add_parser(
            'purge',
            help='remove what is older than it is to be kept',
            description='Remove what is older than it is to be kept. The dashboard does so itself '
            'every six hours; days that are given here count this time, with --save from now on.',
        )
    )
    purge.add_argument('--evidence', type=Path, metavar='DIR', help='folder of the pictures')
    for field in fields(Policy):
        purge.add_argument(f'--{field.name.replace("_", "-")}', type=int, metavar='N')
    purge.add_argument('--save', action='store_true', help='keep these days for the future')
    return parser


def _database(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument(
        '--store', type=Path, required=True, metavar='FILE', help="the store's store.yaml"
    )
    parser.add_argument(
        '--database',
        default='',
        metavar='URL',
        help='SQLAlchemy URL (an SQLite file in the data folder of the user)',
    )
    return parser
