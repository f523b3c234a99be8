# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""A store of two bays that is drawn in milliseconds: frames, bags and a real small model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import json
import math
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import onnx
from onnx import helper, TensorProto
from rich.console import Console
from rosbags.rosbag2 import StoragePlugin, Writer
from rosbags.typesys import get_typestore, Stores

from shelf_anomaly.artefact import write_artefact
from shelf_anomaly.dataset import load_dataset
from shelf_anomaly.emptiness import edge_shares_of
from shelf_anomaly.inspector import encode_view
from shelf_anomaly.locator import face_homography
from shelf_anomaly.network import Network
from shelf_anomaly.records import CameraModel, ImageArray, Pose
from shelf_anomaly.store_layout import Bay, parse_store_layout, StoreLayout
from shelf_training.calibrate import balance, calibrate_bay, composite, EncodedView, fit_bandwidths
from shelf_training.collect import collect
from shelf_training.fit import bay_arrays, data_of
from shelf_training.normal_maxima import merge_maxima

STRIDE, PX_PER_M, VIEW_LIMIT_M = 8, 128.0, 0.6
TEXTURE_PX_PER_M = 400.0
SLOTS = 6
MOUNT = (0.0, 0.0, 0.8, -math.sqrt(0.5), 0.0, 0.0, math.sqrt(0.5))
"""The optical frame in the base: 0.8 m up, looking to the robot's left."""
CAMERA = CameraModel(
    640, 480, np.array([[420.0, 0.0, 320.0], [0.0, 420.0, 240.0], [0.0, 0.0, 1.0]])
)
FRAME_ID = 'camera_optical_frame'
START_NS = 1_769_850_723_000_000_000
FRAMES, FRAME_PERIOD_NS, SPEED = 16, 400_000_000, 0.35
FAULT_BAY, FAULT_LEVEL, FAULT_SLOT = 'A1-L02', 1, 3
STRANGE, STRAY, EMPTY, LEMONS, WHITE = 'strange', 'stray', 'empty', 'lemons', 'white'

LAYOUT = {
    'version': 1,
    'store': 'tiny',
    'frame': 'map',
    'aisles': [
        {
            'id': 'A1',
            'bays': [
                {
                    'id': f'A1-L0{i + 1}',
                    'side': 'left',
                    'origin': [float(i), 1.2, 0.2],
                    'facing_yaw': -math.pi / 2,
                    'width': 1.0,
                    'height': 1.2,
                    'levels': [0.0, 0.4, 0.8],
                }
                for i in range(2)
            ],
        }
    ],
}


def layout() -> StoreLayout:
    """Return the store."""
    return parse_store_layout(LAYOUT)


def base_pose(index: float) -> Pose:
    """Return the robot's base when frame ``index`` is taken."""
    x = -0.2 + index * SPEED * FRAME_PERIOD_NS / 1e9
    return Pose(np.array([x, 0.0, 0.0]), np.array([0.0, 0.0, 0.0, 1.0]))


def camera_pose(index: float) -> Pose:
    """Return the optical frame when frame ``index`` is taken."""
    return base_pose(index).compose(Pose(np.array(MOUNT[:3]), np.array(MOUNT[3:])))


def fault_at() -> tuple[float, float]:
    """Return where the fault stands, in shelf coordinates."""
    return (FAULT_SLOT + 0.5) / SLOTS, 0.4 * FAULT_LEVEL + 0.17


def render(index: float, *, seed: int, fault: bool = False, what: str = STRANGE) -> ImageArray:
    """
    Return what the camera sees.

    :param seed: of the patrol: light and noise
    :param fault: whether something is wrong on the shelf
    :param what: a strange thing, a package of the first bay, nothing, smooth yellow fruit,
        or a smooth white carton
    """
    rng = np.random.default_rng([seed, int(index * 1000)])
    light = 1.0 + 0.08 * math.sin(seed * 2.4)
    image = np.full((CAMERA.height, CAMERA.width, 3), 90, np.uint8)
    for bay in layout().bays.values():
        texture = _face(bay, what if fault else '')
        rows = texture.shape[0]
        s = TEXTURE_PX_PER_M
        to_face = np.array([[1 / s, 0, 0.5 / s], [0, -1 / s, (rows - 0.5) / s], [0, 0, 1]])
        matrix = face_homography(bay, CAMERA, camera_pose(index)) @ to_face
        size = (CAMERA.width, CAMERA.height)
        warped = cv2.warpPerspective(texture, matrix, size, flags=cv2.INTER_AREA)
        mask = cv2.warpPerspective(np.full(texture.shape[:2], 255, np.uint8), matrix, size)
        image[mask > 127] = warped[mask > 127]
    noisy = image * light + rng.normal(0.0, 2.0, image.shape)
    return np.clip(noisy, 0, 255).astype(np.uint8)


def _face(bay: Bay, fault: str) -> ImageArray:
    """Draw a bay's face: boards, and on each level packages with bands that differ by facing."""
    s = TEXTURE_PX_PER_M
    rows, cols = round(bay.height * s), round(bay.width * s)
    face = np.full((rows, cols, 3), 70, np.uint8)
    for level, board in enumerate(bay.levels):
        bottom = rows - round(board * s)
        for slot in range(SLOTS):
            left, right = round(slot * cols / SLOTS) + 4, round((slot + 1) * cols / SLOTS) - 4
            top = bottom - round(0.34 * s)
            place = face[top : bottom - 8, left:right]
            wrong = fault if (bay.id, level, slot) == (FAULT_BAY, FAULT_LEVEL, FAULT_SLOT) else ''
            if wrong == STRANGE:  # upright stripes: all other prints are bands
                place[:] = (245, 245, 245)
                for x in range(4, place.shape[1] - 4, 16):
                    place[:, x : x + 8] = (20, 20, 230)
            elif wrong == LEMONS:
                place[:] = (40, 200, 230)
            elif wrong == WHITE:  # with a faint mark
                place[:] = 240
                place[20:50, 12:-12] = 215
            elif wrong == EMPTY:  # in the shade of its neighbours
                place[:] = 20
            else:
                _package(place, [1, 0, 0] if wrong else [int(bay.id[-1]), level, slot // 2])
        face[bottom - 8 : bottom] = (180, 180, 185)
    return face


def _package(place: ImageArray, print_of: list[int]) -> None:
    """Draw a package, whose bands differ by product."""
    rng = np.random.default_rng(print_of)
    place[:] = rng.integers(60, 220, 3)
    for band in range(4):
        y = 12 + band * 30
        place[y : y + 12, 8:-8] = rng.integers(0, 255, 3)


def jpeg(image: ImageArray) -> bytes:
    """Return an image as a camera's JPEG."""
    return cv2.imencode('.jpg', image, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


def as_recorded(image: ImageArray) -> ImageArray:
    """Return an image as it comes out of a bag: a JPEG keeps half of the colour."""
    data = np.frombuffer(jpeg(image), np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def frames(*, seed: int, fault: bool) -> Iterator[tuple[int, ImageArray]]:
    """Yield stamp (ns from the start) and picture of each frame of a patrol."""
    for index in range(FRAMES):
        yield index * FRAME_PERIOD_NS, render(index, seed=seed, fault=fault)


def write_bag(path: Path, *, seed: int, fault: bool = False, start_ns: int = START_NS) -> Path:
    """Write a patrol as rosbag2 (MCAP): JPEG, camera_info, pose topic, TF."""
    store = get_typestore(Stores.ROS2_JAZZY)
    t = store.types
    stamp_type, header_type = t['builtin_interfaces/msg/Time'], t['std_msgs/msg/Header']

    def header(time_ns: int, frame_id: str) -> object:
        return header_type(stamp=stamp_type(*divmod(time_ns, 10**9)), frame_id=frame_id)

    def transform(time_ns: int, parent: str, child: str, p: Pose) -> object:
        return t['geometry_msgs/msg/TransformStamped'](
            header=header(time_ns, parent),
            child_frame_id=child,
            transform=t['geometry_msgs/msg/Transform'](
                translation=t['geometry_msgs/msg/Vector3'](*p.position),
                rotation=t['geometry_msgs/msg/Quaternion'](*p.quaternion),
            ),
        )

    names = {
        '/camera/image_raw/compressed': 'sensor_msgs/msg/CompressedImage',
        '/camera/camera_info': 'sensor_msgs/msg/CameraInfo',
        '/robot_pose': 'geometry_msgs/msg/PoseWithCovarianceStamped',
        '/tf': 'tf2_msgs/msg/TFMessage',
        '/tf_static': 'tf2_msgs/msg/TFMessage',
    }
    with Writer(path, version=9, storage_plugin=StoragePlugin.MCAP) as writer:
        topics = {n: writer.add_connection(n, kind, typestore=store) for n, kind in names.items()}

        def put(name: str, time_ns: int, message: object) -> None:
            writer.write(topics[name], time_ns, store.serialize_cdr(message, names[name]))

        tf = t['tf2_msgs/msg/TFMessage']
        mount = Pose(np.array(MOUNT[:3]), np.array(MOUNT[3:]))
        put('/tf_static', start_ns, tf([transform(start_ns, 'base_link', FRAME_ID, mount)]))
        for index, (offset_ns, image) in enumerate(frames(seed=seed, fault=fault)):
            now = start_ns + offset_ns
            for part in range(4):  # the pose comes at ten times a second
                at = now + part * FRAME_PERIOD_NS // 4
                pose = base_pose(index + part / 4)
                put('/tf', at, tf([transform(at, 'map', 'base_link', pose)]))
                covariance = np.zeros(36)
                covariance[[0, 7, 35]] = 1e-4
                message = t['geometry_msgs/msg/PoseWithCovarianceStamped'](
                    header=header(at, 'map'),
                    pose=t['geometry_msgs/msg/PoseWithCovariance'](
                        pose=t['geometry_msgs/msg/Pose'](
                            position=t['geometry_msgs/msg/Point'](*pose.position),
                            orientation=t['geometry_msgs/msg/Quaternion'](*pose.quaternion),
                        ),
                        covariance=covariance,
                    ),
                )
                put('/robot_pose', at, message)
            info = t['sensor_msgs/msg/CameraInfo'](
                header=header(now, FRAME_ID),
                height=CAMERA.height,
                width=CAMERA.width,
                distortion_model='plumb_bob',
                d=np.zeros(5),
                k=CAMERA.k.ravel(),
                r=np.eye(3).ravel(),
                p=np.column_stack([CAMERA.k, np.zeros(3)]).ravel(),
                binning_x=0,
                binning_y=0,
                roi=t['sensor_msgs/msg/RegionOfInterest'](0, 0, 0, 0, False),
            )
            put('/camera/camera_info', now, info)
            picture = t['sensor_msgs/msg/CompressedImage'](
                header=header(now, FRAME_ID),
                format='jpeg',
                data=np.frombuffer(jpeg(image), np.uint8),
            )
            put('/camera/image_raw/compressed', now, picture)
    return path


def network() -> bytes:
    """Return a network in ONNX: mean and spread of each colour in cells, their mean as error."""
    nodes = [
        helper.make_node('Transpose', ['image'], ['nchw'], perm=[0, 3, 1, 2]),
        helper.make_node('Mul', ['nchw', 'scale'], ['x']),
        helper.make_node(
            'AveragePool', ['x'], ['mean'], kernel_shape=[STRIDE] * 2, strides=[STRIDE] * 2
        ),
        helper.make_node('Mul', ['x', 'x'], ['square']),
        helper.make_node(
            'AveragePool', ['square'], ['power'], kernel_shape=[STRIDE] * 2, strides=[STRIDE] * 2
        ),
        helper.make_node('Mul', ['mean', 'mean'], ['mean2']),
        helper.make_node('Sub', ['power', 'mean2'], ['variance']),
        helper.make_node('Abs', ['variance'], ['positive']),
        helper.make_node('Sqrt', ['positive'], ['spread']),
        helper.make_node('Concat', ['mean', 'spread'], ['channels'], axis=1),
        helper.make_node('Transpose', ['channels'], ['code'], perm=[0, 2, 3, 1]),
        helper.make_node('ReduceMean', ['code'], ['error'], axes=[3], keepdims=0),
    ]
    shape = ['n', 'h', 'w', 3]
    graph = helper.make_graph(
        nodes,
        'tiny',
        [helper.make_tensor_value_info('image', TensorProto.FLOAT, shape)],
        [
            helper.make_tensor_value_info('code', TensorProto.FLOAT, ['n', 'r', 'c', 6]),
            helper.make_tensor_value_info('error', TensorProto.FLOAT, ['n', 'r', 'c']),
        ],
        [helper.make_tensor('scale', TensorProto.FLOAT, [], [1 / 32])],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8)
    onnx.checker.check_model(model)
    return bytes(model.SerializeToString())


def build(folder: Path, *, patrols: int = 5) -> tuple[Path, Path]:
    """
    Drive normal patrols, learn from them, and write store layout and model.

    :return: the store layout and the model folder
    """
    folder.mkdir(parents=True, exist_ok=True)
    store_file = folder / 'store.yaml'
    store_file.write_text(json.dumps(LAYOUT))
    bags = [write_bag(folder / f'normal_{i}', seed=i) for i in range(patrols)]
    return store_file, learn(bags, store_file, folder)


def learn(bags: Sequence[Path], store_file: Path, folder: Path) -> Path:
    """Learn from bags of normal patrols with a network of a few sums; return the model folder."""
    collect(bags, store_file, folder / 'data', px_per_m=PX_PER_M, console=Console(quiet=True))
    return fit_tiny(folder / 'data', folder / 'model')


def fit_tiny(dataset: Path, model: Path, bays: Sequence[str] = ()) -> Path:
    """Make a model from a dataset, of some bays only if they are named; return its folder."""
    data = load_dataset(dataset)
    onnx_bytes = network()
    runner = Network(onnx_bytes, STRIDE, threads=1)
    encoded: dict[str, list[EncodedView]] = {}
    for bay in bays or data.bays:
        for entry in data.of(bay):
            view = data.load(entry)
            found = encode_view(view, runner, VIEW_LIMIT_M)
            if found.seen.any():
                number = data.patrols.index(entry.patrol)
                edges = edge_shares_of(view, data.store.bay(bay))
                one = EncodedView(found, edges, view.offset_m, number)
                encoded.setdefault(bay, []).append(one)
    settings = fit_bandwidths(encoded, STRIDE / PX_PER_M, VIEW_LIMIT_M)
    calibrated = {}
    for bay, views in encoded.items():
        picture = composite([data.load(entry) for entry in data.of(bay)])
        calibrated[bay] = calibrate_bay(
            data.store.bay(bay), data.margin_m, views, settings, data.templates[bay], picture
        )
    aisle_patrols = float(len(data.patrols))
    calibrated, factors = balance(calibrated, settings.cell_m, aisle_patrols)
    arrays: dict[str, Any] = bay_arrays(calibrated, settings.scales[0].bandwidth / 2)
    arrays |= merge_maxima(arrays, tuple(calibrated), aisle_patrols)
    arrays |= {
        f'{bay}/usual_{name}': np.float32(1.0)
        for bay in calibrated
        for name in ('distance', 'print')
    }
    scales = [
        {
            'bandwidth': s.bandwidth,
            'rows': s.neighbourhood.rows,
            'cols': s.neighbourhood.cols,
            'offset_m': s.neighbourhood.offset_m,
        }
        for s in settings.scales
    ]
    manifest = {
        'name': 'tiny',
        'mode': 'bays',
        'network': 'features',
        'store': data.store.store,
        'px_per_m': data.px_per_m,
        'margin_m': data.margin_m,
        'view_limit_m': VIEW_LIMIT_M,
        'stride': STRIDE,
        'scales': scales,
        'aisle_patrols': aisle_patrols,
        'channel_factors': [float(factor) for factor in factors],
        'data': {bay: data_of(data, bay) for bay in calibrated},
    }
    write_artefact(model, network_onnx=onnx_bytes, arrays=arrays, manifest=manifest, card='tiny')
    return model
