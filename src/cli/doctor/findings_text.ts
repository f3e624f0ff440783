import type { Finding } from "../../core/finding.ts";
import { tableText } from "../table.ts";

const MARKS = { ok: "ok", missing: "MISSING", none: "-" } as const;

/** Whether anything that is needed is missing. */
export function anyMissing(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.needed && finding.status === "missing");
}

/** The findings in aligned columns under their headings, and a closing line. */
export function findingsText(findings: readonly Finding[]): string {
  const blocks: string[] = [];
  for (const [area, group] of Map.groupBy(findings, (finding) => finding.area)) {
    const rows = group.map(({ name, status, needed, detail }) => [
      `  ${status === "missing" && !needed ? "absent" : MARKS[status]}`,
      name,
      detail,
    ]);
    blocks.push(`${area}\n${tableText(rows)}\n`);
  }
  const missing = findings.filter((finding) => finding.needed && finding.status === "missing");
  blocks.push(
    missing.length === 0
      ? "Nothing required is missing."
      : `Missing: ${missing.map(({ name }) => name).join(", ")}.`,
  );
  return blocks.join("\n");
}
