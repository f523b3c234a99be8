# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Known causes of failed steps, told from what the tools print, each with its way out."""

import re

#: What a log says of an index that was not reached: pip's, uv's and the system's words for it.
NOT_REACHED = '|'.join(
    [
        r'temporary failure in name resolution',
        r'failed to lookup address|dns error|name or service not known',
        r'connection refused|network is unreachable|connection timed out',
        r'NewConnectionError|ProxyError|error sending request',
    ]
)

NOT_REACHED_ADVICE = (
    'The package index was not reached. Check the network. Behind a proxy set HTTPS_PROXY; '
    "a mirror of PyPI is named in pip's own way: pip config set global.index-url URL"
)

#: (what the log says, what to do), the first match counts.
KNOWN = [
    (
        r'No space left on device|Disk quota exceeded',
        'The disk is full. The environment takes 3.5 GB and the package cache as much again.',
    ),
    (
        r'ensurepip is not available|No module named .?(ensurepip|venv)',
        'The venv module is missing. Debian and Ubuntu: apt install python3-venv',
    ),
    (
        r'Python\.h: No such file|Could NOT find Python3?\b.*Development',
        "Python's headers are missing. Debian and Ubuntu: apt install python3-dev",
    ),
    (
        NOT_REACHED,
        NOT_REACHED_ADVICE,
    ),
    (
        r'certificate verify failed|invalid peer certificate|UnknownIssuer',
        (
            'The certificate of the package index is not trusted. Name your CA file with '
            'pip config set global.cert FILE, or SSL_CERT_FILE=FILE.'
        ),
    ),
    (
        (
            r'No matching distribution found|has no wheels? with a matching|no usable wheels'
            r'|No solution found'
        ),
        (
            'The package index in use has no file of a locked package for this Python and '
            'platform. Supported are Python 3.10 to 3.13 on x86-64 Linux with glibc 2.28 or '
            'later; PYTHON=python3.12 chooses a Python.'
        ),
    ),
    (
        r'No CMAKE_(CXX|C)_COMPILER could be found',
        'A compiler is missing. Debian and Ubuntu: apt install gcc g++ make',
    ),
    (r'permission denied', 'Check who owns the folder; do not mix calls as root and as user.'),
]


def hint_for(log: str) -> str:
    """Return the way out for a failed step as a paragraph to append, or nothing."""
    for pattern, advice in KNOWN:
        if re.search(pattern, log, re.IGNORECASE):
            return f'\n{advice}'
    return ''
