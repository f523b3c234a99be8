# Copyright 2026 The Shelf Anomaly authors
# SPDX-License-Identifier: Apache-2.0
"""The store's dashboard: keeps what the robots report and shows it on a web page."""

from launch import LaunchDescription
from launch.actions import DeclareLaunchArgument, Shutdown
from launch.substitutions import LaunchConfiguration
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue

ARGUMENTS = (
    ('store', None, str, "the store's layout, a store.yaml"),
    ('database', '', str, "SQLAlchemy URL; empty is an SQLite file in the user's data folder"),
    ('evidence_dir', '', str, "folder for the pictures; empty is one in the user's data folder"),
    ('host', '127.0.0.1', str, 'address to listen on; 127.0.0.1 is this machine only'),
    ('port', '8080', int, 'port to listen on'),
    ('title', '', str, "what the pages are headed with; empty is the store's name"),
    (
        'allow_network',
        'false',
        bool,
        'let other machines open the pages; they see the login first',
    ),
    ('login', 'true', bool, 'ask for name and password; false only with host 127.0.0.1'),
    ('certificate', '', str, 'serve https with this certificate, a PEM file; empty is http'),
    ('key', '', str, "the certificate's key; empty is in the same file"),
    ('mqtt', '', str, 'URL of an MQTT broker that others use too; empty is none'),
    ('mqtt_prefix', 'shelf', str, 'first level of the MQTT topics'),
    ('behind_https', 'false', bool, 'a proxy before the dashboard speaks https'),
    (
        'pose_topic',
        'robot_pose',
        str,
        "PoseWithCovarianceStamped of the robot's base in the map; empty is none",
    ),
)


def generate_launch_description() -> LaunchDescription:
    """Return the arguments and the node; when the node ends, the launch ends."""
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value=default, description=description)
                for name, default, _, description in ARGUMENTS
            ),
            Node(
                package='shelf_anomaly_dashboard',
                executable='dashboard_node',
                output='screen',
                parameters=[
                    {
                        name: ParameterValue(LaunchConfiguration(name), value_type=kind)
                        for name, _, kind, _ in ARGUMENTS
                    }
                ],
                on_exit=Shutdown(),
            ),
        ]
    )
