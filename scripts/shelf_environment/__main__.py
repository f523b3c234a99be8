# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Makes the environment ready and prints the file with its settings.

Called by ``scripts/bootstrap``. ``--quick`` looks only at what can be told in a few milliseconds.
"""

import argparse
import os
from pathlib import Path
import sys

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from shelf_environment.build import make_ready
from shelf_environment.errors import BootstrapError


def main() -> int:
    """Run the command; 0 when the environment is ready."""
    parser = argparse.ArgumentParser(prog='scripts/bootstrap', description=__doc__)
    parser.add_argument('--quick', action='store_true', help='skip the check of every single file')
    parser.add_argument('--rebuild', action='store_true', help='build from nothing')
    options = parser.parse_args()
    root = Path(__file__).resolve().parent.parent.parent
    try:
        settings = make_ready(root, os.environ, quick=options.quick, rebuild=options.rebuild)
    except BootstrapError as err:
        print(f'shelf-anomaly: the environment is not ready.\n{err}', file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print('shelf-anomaly: interrupted; the next call goes on.', file=sys.stderr)
        return 130
    print(settings)
    return 0


if __name__ == '__main__':
    sys.exit(main())
