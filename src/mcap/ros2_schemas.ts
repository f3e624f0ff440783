/** Names and definitions of the ROS 2 messages that are written. */
const STRING = "string data";

const TIME = `MSG: builtin_interfaces/Time
int32 sec
uint32 nanosec`;

const HEADER = `MSG: std_msgs/Header
builtin_interfaces/Time stamp
string frame_id`;

/** `ros2msg` schemas: a definition, then those that it uses. */
export const ROS2_SCHEMAS = {
  "std_msgs/msg/String": STRING,
  "sensor_msgs/msg/CompressedImage": joined(
    `std_msgs/Header header
string format
uint8[] data`,
    HEADER,
    TIME,
  ),
  // vision_msgs 4, of ROS 2 Humble and later.
  "vision_msgs/msg/Detection2DArray": joined(
    `std_msgs/Header header
vision_msgs/Detection2D[] detections`,
    `MSG: vision_msgs/Detection2D
std_msgs/Header header
vision_msgs/ObjectHypothesisWithPose[] results
vision_msgs/BoundingBox2D bbox
string id`,
    `MSG: vision_msgs/ObjectHypothesisWithPose
vision_msgs/ObjectHypothesis hypothesis
geometry_msgs/PoseWithCovariance pose`,
    `MSG: vision_msgs/ObjectHypothesis
string class_id
float64 score`,
    `MSG: geometry_msgs/PoseWithCovariance
geometry_msgs/Pose pose
float64[36] covariance`,
    `MSG: geometry_msgs/Pose
geometry_msgs/Point position
geometry_msgs/Quaternion orientation`,
    `MSG: geometry_msgs/Point
float64 x
float64 y
float64 z`,
    `MSG: geometry_msgs/Quaternion
float64 x
float64 y
float64 z
float64 w`,
    `MSG: vision_msgs/BoundingBox2D
vision_msgs/Pose2D center
float64 size_x
float64 size_y`,
    `MSG: vision_msgs/Pose2D
vision_msgs/Point2D position
float64 theta`,
    `MSG: vision_msgs/Point2D
float64 x
float64 y`,
    HEADER,
    TIME,
  ),
} as const;
/** A message's name. */
export type Ros2Type = keyof typeof ROS2_SCHEMAS;

function joined(...definitions: readonly string[]): string {
  return definitions.join(`\n${"=".repeat(80)}\n`);
}
