/** What MCAP files can be written for. */
export const PROFILE_NAMES = ["foxglove", "ros2"] as const;
/** One of them. */
export type ProfileName = typeof PROFILE_NAMES[number];
