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
  return `# ${name}, version ${version}

${base.name} ${base.version}, adapted by \`whence learn\` to ${learned} recordings: a linear map behind each encoder, everything else unchanged.
Measured on ${heldOut} recordings that it did not learn from; its calibration was fitted on them.

| head | moments | AUC before | AUC after | own picture first, before | after | chance |
| --- | --- | --- | --- | --- | --- | --- |
${rows.join("\n")}

AUC: how often a sound fits its own picture better than another one. What it does elsewhere was not measured.

The model has no labels of its own: its events have \`labels: []\`.
`;
}
