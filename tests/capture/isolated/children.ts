/** The process IDs of a process's children, zombies included. */
export function childrenOf(pid: number): number[] {
  return [...Deno.readDirSync("/proc")].map(({ name }) => Number(name)).filter((child) =>
    child > 0 && parentOf(child) === pid
  );
}

/** Whether a process exists and is not a zombie. */
export function runs(pid: number): boolean {
  const state = fieldsOf(pid)?.[0];
  return state !== undefined && state !== "Z";
}

function parentOf(pid: number): number {
  return Number(fieldsOf(pid)?.[1]);
}

/** The fields of `/proc/PID/stat` after the name: state, parent and so on. */
function fieldsOf(pid: number): string[] | undefined {
  try {
    const text = Deno.readTextFileSync(`/proc/${pid}/stat`);
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return undefined;
  }
}
