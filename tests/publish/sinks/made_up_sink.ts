import { z } from "zod";
import { resolvePath } from "../../../src/core/paths.ts";
import type { Sink, SinkCounters } from "../../../src/publish/sink.ts";
import type { SinkDescriptor } from "../../../src/publish/sink_descriptor.ts";

const madeUpSchema = z.strictObject({
  name: z.string().min(1),
  /** Read by nothing: it is there to be looked for. */
  token_file: z.string().optional(),
});

/** What the sinks were given, by their configured name. */
export const given = new Map<string, string[]>();

/** A sink that Whence does not have: it keeps everything in memory. */
export const madeUpSink: SinkDescriptor<"made_up", typeof madeUpSchema> = {
  key: "made_up",
  schema: madeUpSchema,
  help: "A list in memory",
  area: "Memory",
  fileKeys: ["token_file"],
  make: ({ name }) => new MemorySink(name),
  target: ({ name }) => `memory ${name}`,
  describe: ({ name }, { pipeline, folder }) =>
    `${pipeline} to memory ${name} from ${resolvePath(folder, ".")}`,
  probe: ({ name }) =>
    Promise.resolve(
      name === "full"
        ? { status: "broken", detail: "no memory left" }
        : { status: name === "busy" ? "unavailable" : "ok", detail: `memory is ${name}` },
    ),
};

class MemorySink implements Sink {
  readonly name = "made_up";
  readonly takesPictures = true;
  readonly #lines: string[] = [];
  #events = 0;

  constructor(name: string) {
    given.set(name, this.#lines);
  }

  open(): Promise<void> {
    this.#lines.push("open");
    return Promise.resolve();
  }

  event({ event, line }: Parameters<Sink["event"]>[0]): void {
    this.#events++;
    this.#lines.push(`event ${event.type} ${event.id} ${line.length > 100}`);
  }

  state({ state }: Parameters<Sink["state"]>[0]): void {
    this.#lines.push(`state ${state}`);
  }

  active(): void {}

  stats(): void {}

  picture({ event, contentType }: Parameters<Sink["picture"]>[0]): void {
    this.#lines.push(`picture ${event.id} ${contentType}`);
  }

  close(): Promise<void> {
    this.#lines.push("close");
    return Promise.resolve();
  }

  counters(): SinkCounters {
    return {
      accepted: this.#events,
      sent: this.#events,
      acknowledged: this.#events,
      waiting: 0,
      dropped: 0,
      refused: 0,
      oversized: 0,
      replaced: 0,
      failures: 0,
    };
  }

  complaint(): undefined {}
}
