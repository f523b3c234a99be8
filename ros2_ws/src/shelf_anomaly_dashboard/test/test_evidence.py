# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Pictures by the hash of their content."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from shelf_anomaly_dashboard.evidence import EvidenceError, EvidenceStore, MAX_BYTES


def test_a_picture_is_found_under_its_hash(tmp_path: Path, jpeg: bytes) -> None:
    store = EvidenceStore(tmp_path / 'e')
    name = store.keep(jpeg)

    assert hashlib.sha256(jpeg).hexdigest() + '.jpg' == name
    path = store.path(name)
    assert path is not None
    assert jpeg == path.read_bytes()
    assert name == store.keep(jpeg)
    assert sum(p.is_file() for p in (tmp_path / 'e').rglob('*')) == 1


def test_the_suffix_comes_from_the_content(tmp_path: Path) -> None:
    assert EvidenceStore(tmp_path).keep(b'\x89PNG\r\n\x1a\n rest').endswith('.png')


@pytest.mark.parametrize(
    ('data', 'complaint'),
    [
        (b'<svg onload=alert(1)>', 'no JPEG or PNG'),
        (b'GIF89a', 'no JPEG or PNG'),
        (b'', 'no JPEG or PNG'),
        (b'\xff\xd8\xff' + bytes(MAX_BYTES), 'are more than'),
    ],
)
def test_what_is_not_kept(tmp_path: Path, data: bytes, complaint: str) -> None:
    with pytest.raises(EvidenceError, match=complaint):
        EvidenceStore(tmp_path).keep(data)
    assert list(tmp_path.rglob('*')) == []


def test_no_name_from_outside_leads_anywhere(tmp_path: Path, hostile: str) -> None:
    (tmp_path / 'secret').write_text('secret')
    store = EvidenceStore(tmp_path / 'e')

    for name in (hostile, '../secret', '/etc/passwd', 'a' * 64 + '.jpg', 'a' * 64 + '.jpg\n'):
        assert store.path(name) is None


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    with pytest.raises(EvidenceError, match='--evidence'):
        EvidenceStore(tmp_path / 'file' / 'below')
