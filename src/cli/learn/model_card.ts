import { isDeepStrictEqual } from "node:util";
import type { Adapter } from "../../learning/adapter.ts";
import type { Manifest } from "../../model/manifest.ts";

/** The card of a learned model. */
export function modelCard(
  { name, version, heads }: Manifest,
  base: Manifest,
  adapter: Adapter,
  { learned, heldOut }: { readonly learned: number; readonly heldOut: number },
): string {
  const value = (x: number | undefined) => x === undefined ? "–" : x.toFixed(2);
  const rows = adapter.heads.map(({ head, before, after }) =>
    `| ${heads[head].kind} | ${after.n} | ${value(before.auc)} | ${value(after.auc)} | ${
      value(before.first)
    } | ${value(after.first)} | ${value(after.chance)} |`
  );
  const calibrations = heads.map(({ kind, calibration }, k) =>
    `${kind} ${
      calibration === undefined
        ? "none"
        : isDeepStrictEqual(calibration, base.heads[k].calibration)
        ? `kept from ${base.name} ${base.version}`
        : "fitted on the held-out recordings"
    }`
  );
  return `# ${name}, version ${version}

${base.name} ${base.version}, adapted by \`whence learn\` to ${learned} recordings: a linear map behind each encoder, which is otherwise unchanged.
Measured on ${heldOut} recordings that it did not learn from.

| head | moments | AUC before | AUC after | own picture first, before | after | chance |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

AUC: how often a sound fits its own picture better than another one. What it does elsewhere was not measured.

Calibration: ${calibrations.join(", ")}.

The model has no labels of its own: its events have \`labels: []\`.
`;
}
