import { outboxPath } from "../../src/publish/outbox/outbox_file.ts";
import type { PipelineName, Setup } from "./setup.ts";

/** One kind of fault. */
export interface Fault {
  readonly name: string;
  /** The pipeline whose next message shows that it has recovered; of a camera's, one that begins an event. Default: `front`. */
  readonly watched?: PipelineName;
  /** Whether a short run leaves it out. */
  readonly slow?: boolean;
  /** Whether it can be caused on this machine. */
  readonly possible?: (setup: Setup) => boolean;
  /**
   * Whether messages wait in memory meanwhile, because the disk takes none: a fault that follows before they are delivered may
   * lose them.
   */
  readonly fillsMemory?: boolean;
  /**
   * Causes it and ends it.
   *
   * @param lastsMs how long it lasts, where it has a length.
   * @returns when it ended, of `performance.now()`, if it takes a while until that is noticed; recovery is measured from then on.
   */
  readonly cause: (setup: Setup, lastsMs: number) => Promise<number | void>;
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

/** Makes the next inference fail; returns when it has. */
async function failInference(setup: Setup): Promise<void> {
  const failed = setup.cameraSays("an injected error");
  setup.camera.kill("SIGUSR2");
  await failed;
}

/** Settles when the camera's process says that it has lost the camera. */
const lost = (setup: Setup) => setup.cameraSays("reconnecting: Cannot capture");

/** Cuts the connection to the camera in the middle of its stream; returns when that was, once it is noticed. */
async function truncate(setup: Setup, noticed = lost(setup)): Promise<number> {
  const cutMs = performance.now();
  setup.wire.cut();
  await noticed;
  return cutMs;
}

/** The length of a long fault: 20 s where others last 2 s, less in a short run. */
const longMs = (lastsMs: number) => lastsMs < 1_000 ? 5 * lastsMs : 20_000;

/** Faults of capture, inference, clock and model of a pipeline with a camera. */
const CAMERA_FAULTS: readonly Fault[] = [
  {
    name: "kill -9 of the pipeline",
    watched: "camera",
    cause: async (setup) => {
      await setup.camera.end("SIGKILL");
      setup.camera.launch();
    },
  },
  {
    name: "RTSP server gone and back",
    watched: "camera",
    cause: async (setup, lastsMs) => {
      await setup.stopCamera();
      await pause(2 * lastsMs);
      await setup.startCamera();
    },
  },
  {
    name: "RTSP stream truncated",
    watched: "camera",
    cause: (setup) => truncate(setup),
  },
  {
    name: "RTSP stream stalls, then is truncated",
    watched: "camera",
    slow: true,
    cause: async (setup, lastsMs) => {
      // A stall of 5 s is noticed before the cut, which then ends a connection that is not open yet.
      const noticed = lost(setup);
      setup.wire.deaf = true;
      await pause(2 * lastsMs);
      setup.wire.deaf = false;
      return await truncate(setup, noticed);
    },
  },
  {
    name: "RTSP stream stalls without an end",
    watched: "camera",
    slow: true,
    cause: async (setup) => {
      const noticed = lost(setup);
      const endMs = performance.now();
      setup.wire.strand();
      await noticed;
      return endMs;
    },
  },
  {
    name: "inference fails",
    watched: "camera",
    cause: (setup) => failInference(setup),
  },
  {
    name: "model replaced, then inference fails",
    watched: "camera",
    slow: true,
    cause: async (setup) => {
      await setup.replaceModel();
      await failInference(setup);
    },
  },
  {
    name: "clock set forward by an hour, then back",
    watched: "camera",
    possible: ({ hasClock }) => hasClock,
    cause: async (setup, lastsMs) => {
      setup.setClock(3600);
      await pause(lastsMs);
      setup.setClock(0);
    },
  },
  {
    name: "SIGSTOP of the pipeline for 20 s",
    watched: "camera",
    slow: true,
    cause: async (setup, lastsMs) => {
      setup.camera.kill("SIGSTOP");
      await pause(longMs(lastsMs));
      setup.camera.kill("SIGCONT");
    },
  },
];

/** Every kind of fault. */
export const FAULTS: readonly Fault[] = [
  {
    name: "kill -9 of the publisher",
    cause: async (setup) => {
      await setup.front.end("SIGKILL");
      setup.front.launch();
    },
  },
  {
    name: "kill -9 with the broker away",
    cause: async (setup, lastsMs) => {
      setup.proxy.closed = true;
      setup.proxy.cut();
      await pause(lastsMs);
      await setup.front.end("SIGKILL");
      reopen(setup);
      setup.front.launch();
    },
  },
  {
    name: "SIGTERM with the broker away",
    cause: async (setup, lastsMs) => {
      setup.proxy.closed = true;
      setup.proxy.cut();
      await pause(lastsMs);
      await setup.front.end("SIGTERM");
      reopen(setup);
      setup.front.launch();
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
    name: "SIGSTOP of the publisher for 20 s",
    slow: true,
    cause: async (setup, lastsMs) => {
      setup.front.kill("SIGSTOP");
      await pause(longMs(lastsMs));
      setup.front.kill("SIGCONT");
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
      await Promise.all([setup.front.end("SIGTERM"), setup.camera.end("SIGTERM")]);
      await setup.remount("ro");
      setup.proxy.closed = true;
      setup.front.launch();
      setup.camera.launch();
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
      await setup.front.end("SIGTERM");
      const target = JSON.stringify([setup.proxy.url, "whence"]);
      const place = { folder: setup.state, pipeline: "front", target, sync: "normal" } as const;
      await Deno.writeTextFile(outboxPath(place), "damaged".repeat(3_000));
      setup.front.launch();
    },
  },
  ...CAMERA_FAULTS,
];
