# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""
Bags through the live nodes, in simulated time; everything ends when the last bag was played.

``player:=node`` plays with our own player, ``player:=ros2`` with ``ros2 bag play`` (then one bag).
"""

from launch import LaunchDescription
from launch.actions import (
    DeclareLaunchArgument,
    EmitEvent,
    ExecuteProcess,
    IncludeLaunchDescription,
    RegisterEventHandler,
    SetEnvironmentVariable,
    TimerAction,
)
from launch.conditions import IfCondition
from launch.event_handlers import OnProcessExit
from launch.events import Shutdown
from launch.launch_description_sources import PythonLaunchDescriptionSource
from launch.substitutions import (
    EnvironmentVariable,
    EqualsSubstitution,
    LaunchConfiguration,
    PathJoinSubstitution,
)
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

SHARE = FindPackageShare('shelf_anomaly')

ARGUMENTS = [
    DeclareLaunchArgument(
        'bag', description='a bag, several with commas between them, or a folder of bags'
    ),
    DeclareLaunchArgument(
        'player', default_value='node', description='node (our own) or ros2 (ros2 bag play)'
    ),
    DeclareLaunchArgument('rate', default_value='1.0', description='speed of playing'),
    DeclareLaunchArgument(
        'loop', default_value='false', description='begin again after the last bag (player:=node)'
    ),
    DeclareLaunchArgument(
        'start_offset', default_value='0.0', description='begin so many seconds into each bag'
    ),
    DeclareLaunchArgument(
        'stay', default_value='false', description='keep detector and dashboard after the last bag'
    ),
]

PLAYER = Node(
    package='shelf_anomaly',
    executable='bag_player_node',
    name='bag_player',
    parameters=[
        {
            'bag': ParameterValue(LaunchConfiguration('bag'), value_type=str),
            'rate': ParameterValue(LaunchConfiguration('rate'), value_type=float),
            'loop': ParameterValue(LaunchConfiguration('loop'), value_type=bool),
            'start_offset': ParameterValue(LaunchConfiguration('start_offset'), value_type=float),
        }
    ],
    condition=IfCondition(EqualsSubstitution(LaunchConfiguration('player'), 'node')),
    output='screen',
)

ROS2_BAG = ExecuteProcess(
    cmd=[
        'ros2',
        'bag',
        'play',
        LaunchConfiguration('bag'),
        '--clock',
        '--rate',
        LaunchConfiguration('rate'),
        '--start-offset',
        LaunchConfiguration('start_offset'),
    ],
    condition=IfCondition(EqualsSubstitution(LaunchConfiguration('player'), 'ros2')),
    output='screen',
)

# ``ros2 bag play`` waits for nobody; the detector needs a moment to listen.
DELAYED_ROS2_BAG = TimerAction(period=3.0, actions=[ROS2_BAG])

# The last passes end two seconds after their bay was last seen.
END = TimerAction(
    period=5.0,
    actions=[EmitEvent(event=Shutdown(reason='the last bag was played'))],
    condition=IfCondition(EqualsSubstitution(LaunchConfiguration('stay'), 'false')),
)

PATROL = IncludeLaunchDescription(
    PythonLaunchDescriptionSource(PathJoinSubstitution([SHARE, 'launch', 'patrol.launch.py'])),
    launch_arguments={'use_sim_time': 'true', 'respawn': 'false'}.items(),
)


# Fast DDS of Jazzy reads the first name, later ones the second; what the operator set stays.
PROFILES = [
    SetEnvironmentVariable(
        name,
        EnvironmentVariable(
            name, default_value=PathJoinSubstitution([SHARE, 'config', 'fastdds_large_images.xml'])
        ),
    )
    for name in ('FASTRTPS_DEFAULT_PROFILES_FILE', 'FASTDDS_DEFAULT_PROFILES_FILE')
]


def generate_launch_description():
    """Return the description; arguments of patrol.launch.py can be given as well."""
    return LaunchDescription(
        [
            *ARGUMENTS,
            *PROFILES,
            RegisterEventHandler(OnProcessExit(target_action=PLAYER, on_exit=[END])),
            RegisterEventHandler(OnProcessExit(target_action=ROS2_BAG, on_exit=[END])),
            PATROL,
            PLAYER,
            DELAYED_ROS2_BAG,
        ]
    )
