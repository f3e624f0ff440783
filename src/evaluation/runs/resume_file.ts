import { dirname } from "node:path";
import type { z } from "zod";

/**
 * Results of a long evaluation: one JSON line per finished item, written when it finishes, so that a killed run loses only
 * the item in progress.
 */
export class ResumeFile<Schema extends z.ZodType<{ id: string }>> {
  readonly path: string;
  readonly #schema: Schema;
  readonly #done = new Map<string, z.infer<Schema>>();
  #file: Deno.FsFile | undefined;

  private constructor(path: string, schema: Schema) {
    this.path = path;
    this.#schema = schema;
  }

  /** Opens the file at `path`, reads its lines, and discards a truncated last line. */
  static async open<Schema extends z.ZodType<{ id: string }>>(
    path: string,
    schema: Schema,
  ): Promise<ResumeFile<Schema>> {
    const file = new ResumeFile(path, schema);
    await file.#load();
    return file;
  }

  /** The result of a finished item. */
  get(id: string): z.infer<Schema> | undefined {
    return this.#done.get(id);
  }

  /** Finished items. */
  get size(): number {
    return this.#done.size;
  }

  /** Adds a result. */
  async add(result: z.infer<Schema>): Promise<void> {
    this.#done.set(result.id, result);
    const line = new TextEncoder().encode(`${JSON.stringify(result)}\n`);
    for (let sent = 0; sent < line.length;) {
      sent += await this.#file?.write(line.subarray(sent)) ?? line.length;
    }
  }

  /** Closes the file; if `finished`, removes it, so that the next run starts from the beginning. */
  async close(finished: boolean): Promise<void> {
    this.#file?.close();
    this.#file = undefined;
    if (finished) await Deno.remove(this.path);
  }

  async #load(): Promise<void> {
    await Deno.mkdir(dirname(this.path), { recursive: true });
    this.#file = await Deno.open(this.path, { read: true, write: true, create: true });
    let whole = 0;
    const text = await Deno.readTextFile(this.path);
    for (const line of text.split("\n").slice(0, -1)) {
      const result = this.#schema.safeParse(parsed(line));
      if (!result.success) break;
      this.#done.set(result.data.id, result.data);
      whole += new TextEncoder().encode(line).length + 1;
    }
    await this.#file.truncate(whole);
    await this.#file.seek(0, Deno.SeekMode.End);
  }
}

/** A short hash of everything that the results depend on. */
export async function resumeKey(...parts: readonly string[]): Promise<string> {
  const bytes = new TextEncoder().encode(JSON.stringify(parts));
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return hash.toHex().slice(0, 16);
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
