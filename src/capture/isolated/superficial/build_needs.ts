import { succeeds } from "../../../core/succeeds.ts";

/** A program or library, how to tell that it is installed, and its Debian package. */
interface BuildNeed {
  readonly name: string;
  readonly package: string;
  /** Succeeds where it is installed. */
  readonly command: readonly [string, ...string[]];
}

/** What runs the addon. */
export const NODE: BuildNeed = {
  name: "Node.js",
  package: "nodejs",
  command: ["node", "--version"],
};

/** What building the addon takes besides Node.js. */
export const BUILD_NEEDS: readonly BuildNeed[] = [
  { name: "npm", package: "npm", command: ["npm", "--version"] },
  { name: "C++ compiler", package: "g++", command: ["g++", "--version"] },
  { name: "make", package: "make", command: ["make", "--version"] },
  { name: "Python", package: "python3", command: ["python3", "--version"] },
  { name: "pkg-config", package: "pkg-config", command: ["pkg-config", "--version"] },
  {
    name: "headers of GStreamer",
    package: "libgstreamer1.0-dev",
    command: ["pkg-config", "--cflags", "gstreamer-1.0"],
  },
  {
    name: "headers of GStreamer's base plugins",
    package: "libgstreamer-plugins-base1.0-dev",
    command: ["pkg-config", "--cflags", "gstreamer-app-1.0", "gstreamer-video-1.0"],
  },
];

/** Whether it is installed. */
export async function isInstalled({ command: [program, ...args] }: BuildNeed): Promise<boolean> {
  return await succeeds(program, ...args);
}
