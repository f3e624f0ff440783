/** What a JetPack brings (NVIDIA's release notes). */
export interface JetPack {
  readonly jetpack: number;
  /** Major version of Jetson Linux. */
  readonly linux: number;
  readonly ubuntu: string;
  readonly cuda: string;
  readonly cudnn: string;
  readonly tensorrt: string;
}

/** The newest minor release of each; docs/jetson.md has the same table. */
export const JETPACKS: readonly JetPack[] = [
  { jetpack: 5, linux: 35, ubuntu: "20.04", cuda: "11.4", cudnn: "8.6", tensorrt: "8.5" },
  { jetpack: 6, linux: 36, ubuntu: "22.04", cuda: "12.6", cudnn: "9.3", tensorrt: "10.3" },
  { jetpack: 7, linux: 38, ubuntu: "24.04", cuda: "13.0", cudnn: "9.12", tensorrt: "10.13" },
];

/**
 * The JetPack of this machine in one line; undefined when it is no Jetson.
 *
 * @param release content of /etc/nv_tegra_release, such as `# R36 (release), REVISION: 4.0, …`.
 */
export function jetpackText(release: string | undefined = readRelease()): string | undefined {
  const match = /^# R(\d+) \(release\), REVISION: ([\d.]+)/m.exec(release ?? "");
  if (match === null) return undefined;
  const [, linux, revision] = match;
  const known = JETPACKS.find((jetpack) => jetpack.linux === Number(linux));
  const system = `Jetson Linux ${linux}.${revision}`;
  if (known === undefined) return system;
  const { jetpack, cuda, cudnn, tensorrt } = known;
  return `${jetpack} (${system}), which has CUDA ${cuda}, cuDNN ${cudnn}, TensorRT ${tensorrt}`;
}

function readRelease(): string | undefined {
  try {
    return Deno.readTextFileSync("/etc/nv_tegra_release");
  } catch {
    return undefined;
  }
}
