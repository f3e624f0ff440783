import { setupElements } from "../../src/capture/usual_elements.ts";
import type { AptOptions } from "../../src/cli/setup/apt.ts";
import { ensurePackages } from "../../src/cli/setup/ensure_packages.ts";
import { ensureElements } from "../../src/cli/setup/gstreamer.ts";
import { setupSuperficial } from "../../src/cli/setup/superficial.ts";
import { builtAddon } from "../../src/capture/isolated/superficial/addon.ts";
import { succeeds } from "../../src/core/succeeds.ts";
import { missingPackages, type Need } from "./needs.ts";

/** GStreamer elements that only tests use. */
const ELEMENTS = ["x264enc", "mulawenc", "rtph264pay", "gdppay"];

/** What only tests need, apart from elements. */
const NEEDS: readonly Need[] = [
  { package: "mosquitto", command: "mosquitto" },
  { package: "mosquitto-clients", command: "mosquitto_sub" },
  { package: "ffmpeg", command: "ffmpeg" },
  { package: "gcc", command: "gcc" },
  { package: "g++", command: "g++" },
  { package: "libmosquitto-dev", file: "/usr/include/mosquitto.h" },
  { package: "nlohmann-json3-dev", file: "/usr/include/nlohmann/json.hpp" },
  { package: "chromium", command: "chromium" },
  { package: "openssl", command: "openssl" },
  { package: "gstreamer1.0-tools", command: "gst-launch-1.0" },
  { package: "python3-gi", pythonModule: "gi" },
  { package: "gir1.2-gst-rtsp-server-1.0", typelib: "GstRtspServer", version: "1.0" },
  { package: "python3-torch", pythonModule: "torch" },
  { package: "python3-numpy", pythonModule: "numpy" },
  { package: "python3-scipy", pythonModule: "scipy" },
  { package: "python3-pil", pythonModule: "PIL" },
  { package: "python3-soundfile", pythonModule: "soundfile" },
  { package: "python3-pytest", pythonModule: "pytest" },
  { package: "python3-yaml", pythonModule: "yaml" },
  { package: "espeak-ng", command: "espeak-ng" },
  { package: "flite", command: "flite" },
  { package: "timgm6mb-soundfont", file: "/usr/share/sounds/sf2/TimGM6mb.sf2" },
  { package: "python3-venv", pythonModule: "ensurepip" },
];

/**
 * Makes sure that every test can run: installs what is missing, through apt.
 *
 * @throws {UsageError} with the command to run by hand.
 */
export async function ensureTestTools(options: AptOptions = {}): Promise<void> {
  await ensureElements([...setupElements(), ...ELEMENTS], options);
  await ensurePackages(() => missingPackages(NEEDS), options);
  if (!await addonLoads()) await setupSuperficial(options);
}

/** Whether node-gstreamer-superficial is built, for the Node.js that is installed. */
async function addonLoads(): Promise<boolean> {
  const folder = builtAddon();
  if (folder === undefined) return false;
  return await succeeds(
    "node",
    "-e",
    "require(process.argv[1])",
    `${folder}/node_modules/gstreamer-superficial`,
  );
}
