import { CaptureError } from "../../capture/capture_error.ts";
import { inspectElements, refreshPlugins } from "../../capture/inspect.ts";
import { packageOfElement } from "../../capture/packages.ts";
import { setupElements } from "../../capture/usual_elements.ts";
import { aptInstall, type AptOptions } from "./apt.ts";
import { UsageError } from "../exit.ts";

/** Something that must be on the machine, by what can be seen of it, and the Debian package that brings it. */
export type Need =
  & { readonly package: string }
  & (
    | { readonly command: string }
    | { readonly pythonModule: string }
    | { readonly typelib: string; readonly version: string }
    | { readonly file: string }
  );

/** Elements of the tests alone. */
const TEST_ELEMENTS = ["x264enc", "mulawenc", "rtph264pay"];

/** What the tests alone need. */
const TEST_NEEDS: readonly Need[] = [
  { package: "mosquitto", command: "mosquitto" },
  { package: "ffmpeg", command: "ffmpeg" },
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

const PYTHON = "/usr/bin/python3";

/**
 * Makes sure that clips can be captured and played; installs GStreamer's packages when they are missing. Touches
 * neither the network nor apt when nothing is.
 *
 * @throws {UsageError} with the command to run by hand.
 */
export async function ensureGstreamer(options: AptOptions = {}): Promise<void> {
  await ensureElements(setupElements(), options);
}

/**
 * Makes sure that every test can run, as {@linkcode ensureGstreamer} does.
 *
 * @throws {UsageError} with the command to run by hand.
 */
export async function ensureTestTools(options: AptOptions = {}): Promise<void> {
  await ensureElements([...setupElements(), ...TEST_ELEMENTS], options);
  await ensureInstalled(TEST_NEEDS, options);
}

/**
 * Installs the packages of what is not there, in one go.
 *
 * @returns the packages that were installed.
 * @throws {UsageError} when it cannot be installed, or is still not there afterwards.
 */
export async function ensureInstalled(
  needs: readonly Need[],
  options: AptOptions = {},
): Promise<string[]> {
  return await ensure(() => missingPackages(needs), options);
}

/** Elements, by asking GStreamer itself; see {@linkcode ensureInstalled}. */
export async function ensureElements(
  elements: readonly string[],
  options: AptOptions = {},
): Promise<string[]> {
  let installed = false;
  return await ensure(async () => {
    if (installed) await refreshPlugins().catch(() => {});
    installed = true;
    return await missingElementPackages(elements);
  }, options);
}

async function ensure(
  missing: () => Promise<string[]>,
  options: AptOptions,
): Promise<string[]> {
  const packages = await missing();
  if (packages.length === 0) return [];
  await aptInstall(packages, options);
  const still = await missing();
  if (still.length === 0) return packages;
  throw new UsageError(
    `Cannot go on: what ${still.join(" ")} should bring is not there after installing it`,
  );
}

async function missingElementPackages(elements: readonly string[]): Promise<string[]> {
  const packageOf = (element: string) => packageOfElement(element) ?? element;
  try {
    const findings = await inspectElements(elements);
    return unique(findings.filter(({ found }) => !found).map(({ element }) => packageOf(element)));
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error;
    return unique(elements.map(packageOf));
  }
}

async function missingPackages(needs: readonly Need[]): Promise<string[]> {
  const there = await Promise.all(needs.map(isThere));
  return unique(needs.filter((_, index) => !there[index]).map((need) => need.package));
}

async function isThere(need: Need): Promise<boolean> {
  if ("command" in need) return isOnPath(need.command);
  if ("file" in need) return await Deno.stat(need.file).then(() => true, () => false);
  const script = "typelib" in need
    ? `import gi; gi.require_version("${need.typelib}", "${need.version}")`
    : `import importlib.util as u, sys; sys.exit(u.find_spec("${need.pythonModule}") is None)`;
  try {
    const { success } = await new Deno.Command(PYTHON, {
      args: ["-c", script],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Debian keeps servers such as mosquitto in sbin, which is not on every user's path. */
function isOnPath(command: string): boolean {
  const folders = [...(Deno.env.get("PATH") ?? "").split(":"), "/usr/sbin", "/sbin"];
  return folders.some((folder) => {
    try {
      const { isFile, mode } = Deno.statSync(`${folder}/${command}`);
      return isFile && ((mode ?? 0) & 0o111) !== 0;
    } catch {
      return false;
    }
  });
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)];
}
