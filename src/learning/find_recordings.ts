import { createHash } from "node:crypto";
import { extname, join } from "node:path";
import { LearnError } from "./learn_error.ts";

/** A recording, and what it is used for. */
export interface Recording {
  readonly path: string;
  /** Its file name. */
  readonly name: string;
  /** Recordings of the same seconds are of one group, which is never divided. */
  readonly group: string;
  /** Held-out recordings are only measured. */
  readonly split: "train" | "held_out";
}

const VIDEOS = new Set([".mp4", ".mkv", ".webm", ".mov", ".avi", ".m4v"]);
/** Share of the groups that is held out. */
const HELD_OUT = 0.25;
/** Groups. Fewer held-out ones say too little, and so do fewer to learn from. */
const LEAST_HELD_OUT = 4;
const LEAST_TRAINED = 12;
/** Clips of events whose onsets are closer than this may show the same seconds. */
const GROUP_SECONDS = 15;

/**
 * The recordings of a folder. Which are held out depends on their names alone, so that most stay where they are when others are
 * added.
 *
 * @throws {LearnError} if the folder has too few of different times.
 */
export async function findRecordings(folder: string): Promise<Recording[]> {
  const names: string[] = [];
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && VIDEOS.has(extname(name).toLowerCase())) names.push(name);
    }
  } catch (cause) {
    throw new LearnError(`Cannot learn: ${folder} must be a readable folder`, { cause });
  }
  const groups = groupsOf(names.sort());
  const ranked = [...new Set(groups.values())].sort((a, b) => rank(a) - rank(b));
  const least = LEAST_TRAINED + LEAST_HELD_OUT;
  if (ranked.length < least) {
    throw new LearnError(
      `Cannot learn: ${folder} must contain at least ${least} recordings of different times, got ${ranked.length}`,
    );
  }
  const share = ranked.filter((group) => rank(group) < HELD_OUT).length;
  // Ranks of few names can all be low or all be high.
  const count = Math.min(Math.max(share, LEAST_HELD_OUT), ranked.length - LEAST_TRAINED);
  const heldOut = new Set(ranked.slice(0, count));
  return names.map((name): Recording => {
    const group = groups.get(name)!;
    const split = heldOut.has(group) ? "held_out" : "train";
    return { path: join(folder, name), name, group, split };
  });
}

/** File name → group: clips of events that begin shortly after each other belong together. */
function groupsOf(names: readonly string[]): Map<string, string> {
  const groups = new Map<string, string>();
  let former: { readonly onset: number; readonly group: string } | undefined;
  for (const name of names) {
    // EVENT_ID: the onset in epoch seconds, then a random part.
    const onset = Number(/^(\d{9,}(?:\.\d+)?)-/.exec(name)?.[1] ?? NaN);
    const group = former !== undefined && onset - former.onset < GROUP_SECONDS
      ? former.group
      : name;
    groups.set(name, group);
    former = Number.isNaN(onset) ? undefined : { onset, group };
  }
  return groups;
}

/** A number 0..1 that a name always has. */
function rank(name: string): number {
  return createHash("sha256").update(name).digest().readUInt32BE(0) / 2 ** 32;
}
