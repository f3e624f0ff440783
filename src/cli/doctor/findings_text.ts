import type { Finding } from "../../core/finding.ts";

const MARKS = { ok: "ok", missing: "MISSING", none: "-" } as const;
const WIDEST_NAME = 28;

/** Whether anything that is needed is missing. */
export function anyMissing(findings: readonly Finding[]): boolean {
  return findings.some((finding) => finding.needed && finding.status === "missing");
}

/** The findings in aligned columns under their headings, and a closing line. */
export function findingsText(findings: readonly Finding[]): string {
  const lines: string[] = [];
  const longest = Math.max(0, ...findings.map(({ name }) => name.length));
  const width = Math.min(WIDEST_NAME, longest);
  for (const [area, group] of Map.groupBy(findings, (finding) => finding.area)) {
    lines.push(area);
    for (const { name, status, needed, detail } of group) {
      const mark = status === "missing" && !needed ? "absent" : MARKS[status];
      lines.push(`  ${mark.padEnd(8)} ${name.padEnd(width)}  ${detail}`.trimEnd());
    }
    lines.push("");
  }
  const missing = findings.filter((finding) => finding.needed && finding.status === "missing");
  lines.push(
    missing.length === 0
      ? "All that is needed is there."
      : `Missing: ${missing.map(({ name }) => name).join(", ")}.`,
  );
  return lines.join("\n");
}
