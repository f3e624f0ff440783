import { outboxPath } from "../../src/publish/outbox/outbox_file.ts";
import type { Setup } from "./setup.ts";

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /** Whether it can be caused on this machine. */
  readonly possible?: (setup: Setup) => boolean;
  /**
   * Whether messages wait in memory meanwhile, because the disk takes none: a fault that follows before they are delivered may
   * lose them.
   */
  readonly fillsMemory?: boolean;
  /**
   * Causes it and ends it; recovery is measured from then on.
   *
   * @param lastsMs how long it lasts, where it has a length.
   */
  readonly cause: (setup: Setup, lastsMs: number) => Promise<void>;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Ends a fault of the network: what the publisher still has is cut, and it may connect again. */
function reopen({ proxy }: Setup): void {
  proxy.cut();
  proxy.closed = proxy.deaf = false;
  proxy.bytesPerSecond = Infinity;
}

/** Starts the broker again; the consumer subscribes before the publisher can connect. */
async function restart(setup: Setup): Promise<void> {
  setup.proxy.closed = true;
  await setup.broker.resume();
  await setup.listen();
  reopen(setup);
}

/** Every kind of fault. */
export const FAULTS: readonly Fault[] = [
  {
    name: "kill -9 of the publisher",
    cause: async (setup) => {
      await setup.end("SIGKILL");
      setup.launch();
    },
  },
  {
    name: "kill -9 with the broker away",
    cause: async (setup, lastsMs) => {
      setup.proxy.closed = true;
      setup.proxy.cut();
      await pause(lastsMs);
      await setup.end("SIGKILL");
      reopen(setup);
      setup.launch();
    },
  },
  {
    name: "SIGTERM with the broker away",
    cause: async (setup, lastsMs) => {
      setup.proxy.closed = true;
      setup.proxy.cut();
      await pause(lastsMs);
      await setup.end("SIGTERM");
      reopen(setup);
      setup.launch();
    },
  },
  {
    name: "broker stopped and started",
    cause: async (setup, lastsMs) => {
      await setup.broker.stop();
      await pause(lastsMs);
      await restart(setup);
    },
  },
  {
    name: "broker killed and started",
    cause: async (setup, lastsMs) => {
      await setup.broker.stop("SIGKILL");
      await pause(lastsMs);
      await restart(setup);
    },
  },
  {
    name: "connection cut",
    cause: (setup) => {
      setup.proxy.cut();
      return Promise.resolve();
    },
  },
  {
    name: "half-open connection, then cut",
    cause: async (setup, lastsMs) => {
      setup.proxy.deaf = true;
      await pause(lastsMs);
      reopen(setup);
    },
  },
  {
    name: "outage of the network",
    cause: async (setup, lastsMs) => {
      setup.proxy.closed = true;
      setup.proxy.cut();
      await pause(3 * lastsMs);
      reopen(setup);
    },
  },
  {
    name: "2 kB/s",
    cause: async (setup, lastsMs) => {
      setup.proxy.bytesPerSecond = 2_000;
      await pause(lastsMs);
      setup.proxy.bytesPerSecond = Infinity;
    },
  },
  {
    name: "SIGSTOP of the publisher",
    cause: async (setup, lastsMs) => {
      setup.process.kill("SIGSTOP");
      await pause(lastsMs);
      setup.process.kill("SIGCONT");
    },
  },
  {
    name: "disk full, with the broker away",
    fillsMemory: true,
    possible: ({ smallDisk }) => smallDisk,
    cause: async (setup, lastsMs) => {
      const filler = `${setup.state}/filler`;
      setup.proxy.closed = true;
      setup.proxy.cut();
      try {
        for (;;) await Deno.writeFile(filler, new Uint8Array(4096), { append: true });
      } catch {
        // No space left.
      }
      await pause(lastsMs);
      await Deno.remove(filler);
      reopen(setup);
    },
  },
  {
    name: "state folder read-only at the start, with the broker away",
    fillsMemory: true,
    possible: ({ smallDisk }) => smallDisk,
    cause: async (setup, lastsMs) => {
      await setup.end("SIGTERM");
      await setup.remount("ro");
      setup.proxy.closed = true;
      setup.launch();
      await pause(lastsMs);
      await setup.remount("rw");
      reopen(setup);
    },
  },
  {
    name: "outbox file overwritten while stopped",
    cause: async (setup) => {
      // What it holds is lost with it.
      await setup.delivered();
      await setup.end("SIGTERM");
      const target = JSON.stringify([setup.proxy.url, "whence"]);
      const place = { folder: setup.state, pipeline: "front", target, sync: "normal" } as const;
      await Deno.writeTextFile(outboxPath(place), "damaged".repeat(3_000));
      setup.launch();
    },
  },
];
