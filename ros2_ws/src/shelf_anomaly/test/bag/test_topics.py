# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""Which topics are taken, and what is said when it is not clear."""

import pytest

from shelf_anomaly.bag.topics import (
    BagOptions,
    choose_topics,
    COMPRESSED,
    contents,
    IMAGE,
    INFO,
    POSE,
    TF,
)
from shelf_anomaly.errors import BagError

ONE = {
    '/cam/image_raw/compressed': COMPRESSED,
    '/cam/camera_info': INFO,
    '/tf': TF,
    '/tf_static': TF,
}
TWO = {**ONE, '/right/image_raw': IMAGE, '/right/camera_info': INFO}


def images(topics: dict[str, str], **options: str) -> list[str]:
    wanted = choose_topics('bag', topics, BagOptions(**options))
    return [camera.image_topic for camera in wanted.cameras]


def test_one_camera_with_tf() -> None:
    wanted = choose_topics('bag', ONE, BagOptions())
    (camera,) = wanted.cameras
    assert (camera.namespace, camera.info_topic, camera.compressed) == (
        '/cam',
        '/cam/camera_info',
        True,
    )
    assert (wanted.tf_topics, wanted.static_topics) == (('/tf',), ('/tf_static',))
    assert not wanted.place_by_topic


@pytest.mark.parametrize(
    ('more', 'chosen'),
    [
        ({'/cam/image_raw': IMAGE}, '/cam/image_raw/compressed'),
        ({'/cam/image_rect_color': IMAGE}, '/cam/image_raw/compressed'),
        ({'/cam/depth/image_raw': IMAGE}, '/cam/image_raw/compressed'),
        ({'/cam/image_raw/compressedDepth': COMPRESSED}, '/cam/image_raw/compressed'),
    ],
)
def test_the_best_picture_of_a_camera(more: dict[str, str], chosen: str) -> None:
    assert images({**ONE, **more}) == [chosen]


def test_a_rectified_picture_is_known_as_such() -> None:
    topics = {'/cam/image_rect': IMAGE, '/cam/camera_info': INFO, '/tf': TF}
    assert choose_topics('bag', topics, BagOptions()).cameras[0].rectified
    assert not choose_topics('bag', ONE, BagOptions()).cameras[0].rectified


def test_several_cameras_are_to_be_chosen_from() -> None:
    with pytest.raises(BagError, match=r'bag: 2 cameras: /cam, /right; choose one with --camera'):
        images(TWO)
    assert images(TWO, camera='/right') == ['/right/image_raw']
    assert images(TWO, camera='right/') == ['/right/image_raw']
    assert images(TWO, camera='all') == ['/cam/image_raw/compressed', '/right/image_raw']
    assert images(TWO, image_topic='/right/image_raw') == ['/right/image_raw']
    with pytest.raises(BagError, match=r'no camera /left; it has the cameras /cam, /right'):
        images(TWO, camera='left')


def test_a_camera_info_elsewhere_is_taken_when_it_is_the_only_one() -> None:
    topics = {'/a/image_raw': IMAGE, '/b/camera_info': INFO, '/tf': TF}
    assert choose_topics('bag', topics, BagOptions()).cameras[0].info_topic == '/b/camera_info'
    with pytest.raises(BagError, match=r'/a/image_raw has no /a/camera_info; record'):
        images({**topics, '/c/camera_info': INFO})


@pytest.mark.parametrize(
    ('topics', 'options', 'by_topic', 'pose'),
    [
        ({**ONE, '/amcl_pose': POSE}, {}, False, '/amcl_pose'),  # tells the uncertainty
        ({**ONE, '/amcl_pose': POSE}, {'pose_topic': '/amcl_pose'}, True, '/amcl_pose'),
        ({**ONE, '/a': POSE, '/b': POSE}, {}, False, ''),  # which of them?
        ({**ONE, '/initialpose': POSE}, {}, False, ''),
    ],
)
def test_pose(topics: dict[str, str], options: dict[str, str], by_topic: bool, pose: str) -> None:
    wanted = choose_topics('bag', topics, BagOptions(**options))
    assert (wanted.place_by_topic, wanted.pose_topic) == (by_topic, pose)


def test_a_pose_topic_places_where_tf_is_missing() -> None:
    topics = {k: v for k, v in ONE.items() if k != '/tf'}
    assert choose_topics('bag', {**topics, '/pose': POSE}, BagOptions()).place_by_topic
    with pytest.raises(BagError, match=r'nothing says where the camera was.*--pose-topic'):
        choose_topics('bag', topics, BagOptions())


@pytest.mark.parametrize(
    ('topics', 'options', 'text'),
    [
        ({}, {}, 'bag: no camera image.*the bag is empty'),
        ({'/tf': TF}, {}, r'no camera image; record .*the bag holds /tf \(TFMessage\)'),
        (ONE, {'image_topic': '/x'}, 'topic /x is not in it, expected sensor_msgs'),
        (ONE, {'info_topic': '/tf'}, 'topic /tf is of type tf2_msgs/msg/TFMessage, expected'),
        (ONE, {'pose_topic': '/tf'}, 'topic /tf is of type .* expected geometry_msgs'),
    ],
)
def test_what_is_missing_is_named(
    topics: dict[str, str], options: dict[str, str], text: str
) -> None:
    with pytest.raises(BagError, match=text):
        choose_topics('bag', topics, BagOptions(**options))


def test_contents_of_a_large_bag_are_shortened() -> None:
    assert contents({f'/t{i:02}': INFO for i in range(25)}).endswith(
        '/t19 (CameraInfo) and 5 more'
    )
