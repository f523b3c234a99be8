# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
One camera of a robot: the detector, and the store's dashboard if asked for.

A robot with several cameras launches this once a camera, each with its own ``namespace`` and
``camera``, and the dashboard once.
"""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable, Shutdown
from launch.conditions import IfCondition
from launch.substitutions import (
    EnvironmentVariable,
    LaunchConfiguration,
    PathJoinSubstitution,
)
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

CONFIG = PathJoinSubstitution([FindPackageShare('shelf_anomaly'), 'config'])

ARGUMENTS = [
    DeclareLaunchArgument(
        'model', default_value='', description='folder of the model; empty = as in params_file'
    ),
    DeclareLaunchArgument(
        'store', default_value='', description='store.yaml; empty = as in params_file'
    ),
    DeclareLaunchArgument(
        'params_file',
        default_value=PathJoinSubstitution([CONFIG, 'detector.yaml']),
        description='parameters of the detector',
    ),
    DeclareLaunchArgument(
        'camera',
        default_value='camera',
        description='namespace of the camera: image_raw, image_raw/compressed and camera_info',
    ),
    DeclareLaunchArgument(
        'namespace', default_value='', description='namespace of the detector and its topics'
    ),
    DeclareLaunchArgument(
        'name',
        default_value='shelf_detector',
        description='name of the detector node; must differ between cameras in one namespace',
    ),
    DeclareLaunchArgument(
        'robot', default_value='', description='name in messages; empty = as in params_file'
    ),
    DeclareLaunchArgument(
        'patrol', default_value='', description='name of the patrol; empty = its time of begin'
    ),
    DeclareLaunchArgument(
        'false_alarms_per_aisle_patrol',
        default_value='',
        description='false alarms that are acceptable; empty = as in params_file',
    ),
    DeclareLaunchArgument(
        'pose_source', default_value='', description='auto, tf or topic; empty = as in params_file'
    ),
    DeclareLaunchArgument(
        'pose_topic',
        default_value='robot_pose',
        description='PoseWithCovarianceStamped of the base, e.g. amcl_pose',
    ),
    DeclareLaunchArgument(
        'camera_mount',
        default_value='',
        description='with the pose topic: optical frame in base, [x, y, z, qx, qy, qz, qw]; '
        'empty = as in params_file',
    ),
    DeclareLaunchArgument(
        'tf', default_value='tf', description='topic of TF, relative to the namespace'
    ),
    DeclareLaunchArgument(
        'tf_static', default_value='tf_static', description='topic of static TF, likewise'
    ),
    DeclareLaunchArgument(
        'use_sim_time', default_value='false', description='take the time from /clock'
    ),
    DeclareLaunchArgument(
        'log_level', default_value='info', description='debug, info, warn or error'
    ),
    DeclareLaunchArgument(
        'respawn', default_value='true', description='start a detector that failed again'
    ),
    DeclareLaunchArgument(
        'dashboard', default_value='false', description='start the dashboard too'
    ),
    DeclareLaunchArgument(
        'host', default_value='127.0.0.1', description='address that the dashboard listens on'
    ),
    DeclareLaunchArgument('port', default_value='8080', description='port of the dashboard'),
    DeclareLaunchArgument(
        'database',
        default_value='',
        description='SQLAlchemy URL of the dashboard; empty = a file of the user',
    ),
]


# Parameters of the detector that a launch argument of the same name sets, if it is not empty.
GIVEN = {
    'model': str,
    'store': str,
    'robot': str,
    'patrol': str,
    'false_alarms_per_aisle_patrol': float,
    'pose_source': str,
    'camera_mount': list[float],
}


def detector(context):
    """Return the detector; the arguments that were given win over the parameter file."""
    given = {
        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
        for name, kind in GIVEN.items()
        if LaunchConfiguration(name).perform(context)
    }
    respawn = LaunchConfiguration('respawn').perform(context).lower() == 'true'
    sim_time = ParameterValue(LaunchConfiguration('use_sim_time'), value_type=bool)
    node = Node(
        package='shelf_anomaly',
        executable='detector_node',
        name=LaunchConfiguration('name'),
        namespace=LaunchConfiguration('namespace'),
        parameters=[LaunchConfiguration('params_file'), {'use_sim_time': sim_time}, given],
        remappings=[
            ('camera/image_raw', [LaunchConfiguration('camera'), '/image_raw']),
            (
                'camera/image_raw/compressed',
                [LaunchConfiguration('camera'), '/image_raw/compressed'],
            ),
            ('camera/camera_info', [LaunchConfiguration('camera'), '/camera_info']),
            ('robot_pose', LaunchConfiguration('pose_topic')),
            ('/tf', LaunchConfiguration('tf')),
            ('/tf_static', LaunchConfiguration('tf_static')),
        ],
        arguments=['--ros-args', '--log-level', LaunchConfiguration('log_level')],
        respawn=respawn,
        respawn_delay=2.0,
        # Without the detector there is nothing to do here, and a wrong setting should be seen.
        on_exit=None if respawn else [Shutdown(reason='the detector ended')],
        output='screen',
    )
    return [node]


DASHBOARD = Node(
    package='shelf_anomaly_dashboard',
    executable='dashboard_node',
    name='shelf_dashboard',
    namespace=LaunchConfiguration('namespace'),
    parameters=[
        {
            'store': ParameterValue(LaunchConfiguration('store'), value_type=str),
            'database': ParameterValue(LaunchConfiguration('database'), value_type=str),
            'pose_topic': ParameterValue(LaunchConfiguration('pose_topic'), value_type=str),
            'host': ParameterValue(LaunchConfiguration('host'), value_type=str),
            'port': ParameterValue(LaunchConfiguration('port'), value_type=int),
        }
    ],
    condition=IfCondition(LaunchConfiguration('dashboard')),
    respawn=LaunchConfiguration('respawn'),
    respawn_delay=2.0,
    output='screen',
)


# Fast DDS of Jazzy reads the first name, later ones the second; what the operator set stays.
PROFILES = [
    SetEnvironmentVariable(
        name,
        EnvironmentVariable(
            name, default_value=PathJoinSubstitution([CONFIG, 'fastdds_large_images.xml'])
        ),
    )
    for name in ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
]


def generate_launch_description():
    """Return the description."""
    return LaunchDescription([*ARGUMENTS, *PROFILES, OpaqueFunction(function=detector), DASHBOARD])
