/** What a process uses. */
export interface ProcessFigures {
  readonly rssMb: number;
  readonly files: number;
  readonly threads: number;
}

/** Reads what a process uses (Linux). */
export async function processFigures(pid: number): Promise<ProcessFigures> {
  const status = await Deno.readTextFile(`/proc/${pid}/status`);
  const field = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(status)![1]);
  const files = [...Deno.readDirSync(`/proc/${pid}/fd`)].length;
  return { rssMb: Math.round(field("VmRSS") / 1024), files, threads: field("Threads") };
}
