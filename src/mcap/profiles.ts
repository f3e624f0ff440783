import type { McapProfile } from "./mcap_profile.ts";
import { foxgloveProfile } from "./foxglove_profile.ts";
import type { ProfileName } from "./profile_names.ts";
import { ros2Profile } from "./ros2_profile.ts";

/** The profiles by name. */
export const PROFILES: Readonly<Record<ProfileName, McapProfile>> = {
  foxglove: foxgloveProfile,
  ros2: ros2Profile,
};
