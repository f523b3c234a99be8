# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Hands the user's own pip configuration to uv, which does not read it."""

import ast
from collections.abc import Mapping
import subprocess

#: pip settings that uv can do without; any other that it has no equal for makes pip the installer.
IRRELEVANT = {
    *('disable-pip-version-check', 'progress-bar', 'require-virtualenv', 'no-color', 'quiet'),
    *('root-user-action', 'break-system-packages', 'cache-dir', 'no-input', 'retries', 'verbose'),
    *('no-cache-dir', 'user', 'format', 'log', 'no-warn-script-location', 'prefer-binary'),
}


def parse_pip_config(text: str) -> dict[str, str]:
    """
    Read what ``pip config list`` prints; what comes from the environment wins.

    :return: setting name without its section -> value
    """
    found: dict[str, tuple[int, str]] = {}
    ranks = {'global': 0, 'install': 1, ':env:': 2}
    for line in text.splitlines():
        key, sep, value = line.partition('=')
        section, dot, name = key.strip().rpartition('.')
        if not sep or not dot or section not in ranks:
            continue
        try:
            content = str(ast.literal_eval(value))
        except (SyntaxError, ValueError):
            content = value
        rank = ranks[section]
        if rank >= found.get(name, (-1, ''))[0]:
            found[name] = (rank, content)
    return {name: value for name, (_rank, value) in found.items()}


def uv_equivalent(settings: Mapping[str, str]) -> tuple[list[str], dict[str, str], list[str]]:
    """
    Translate pip's settings for uv.

    :return: options, environment variables, and the names of settings that uv has no equal for
    """
    options: list[str] = []
    variables: dict[str, str] = {}
    unknown: list[str] = []
    for name, value in settings.items():
        if name == 'index-url':
            options += ['--default-index', value]
        elif name == 'extra-index-url':
            options += [part for url in value.split() for part in ('--index', url)]
        elif name == 'find-links':
            options += [part for place in value.split() for part in ('--find-links', place)]
        elif name == 'no-index' and value.lower() in ('1', 'true', 'yes', 'on'):
            options += ['--no-index']
        elif name == 'trusted-host':
            options += [part for host in value.split() for part in ('--allow-insecure-host', host)]
        elif name == 'cert':
            variables['SSL_CERT_FILE'] = value
        elif name == 'client-cert':
            variables['SSL_CLIENT_CERT'] = value
        elif name == 'proxy':
            variables.update(HTTP_PROXY=value, HTTPS_PROXY=value, ALL_PROXY=value)
        elif name in ('timeout', 'default-timeout'):
            variables['UV_HTTP_TIMEOUT'] = value
        elif name not in IRRELEVANT and name != 'no-index':
            unknown.append(name)
    if '--index' in options:
        # pip looks at all indexes alike; uv would stop at the first that knows the name.
        options += ['--index-strategy', 'unsafe-best-match']
    return options, variables, unknown


def read_pip_config(python: str, env: Mapping[str, str]) -> dict[str, str]:
    """Ask pip for its configuration; an old or broken pip counts as one without settings."""
    result = subprocess.run(
        [python, '-m', 'pip', 'config', 'list'],
        env=dict(env),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        check=False,
    )
    return parse_pip_config(result.stdout) if result.returncode == 0 else {}
