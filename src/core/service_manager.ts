import { cString } from "./c_string.ts";

const SYSTEMD = {
  sd_notify: { parameters: ["i32", "buffer"], result: "i32" },
} as const;

/** The service manager of this process: systemd, or a container engine that speaks its protocol, `sd_notify(3)`. */
export class ServiceManager {
  /** A service that does not call {@linkcode alive} for this long is killed and restarted, ms; undefined: no watchdog. */
  readonly watchdogMs: number | undefined;
  readonly #notify: (message: Uint8Array<ArrayBuffer>) => number;

  private constructor(
    notify: (message: Uint8Array<ArrayBuffer>) => number,
    watchdogMs: number | undefined,
  ) {
    this.#notify = notify;
    this.watchdogMs = watchdogMs;
  }

  /**
   * Finds the service manager from `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID`.
   *
   * @returns undefined if none waits for notifications; one line if there is one but it cannot be reached.
   */
  static find(): ServiceManager | string | undefined {
    if (!Deno.env.get("NOTIFY_SOCKET")) return undefined;
    try {
      const { symbols } = Deno.dlopen("libsystemd.so.0", SYSTEMD);
      return new ServiceManager((message) => symbols.sd_notify(0, message), watchdogMs());
    } catch (error) {
      const reason = error instanceof Error ? error.message.split("\n")[0] : String(error);
      return `Cannot notify the service manager: ${reason}; install it with: apt-get install libsystemd0`;
    }
  }

  /** The service has started, or has finished reloading. */
  ready(): void {
    this.#send("READY=1");
  }

  /** The service reads its configuration again; {@linkcode ready} ends this. */
  reloading(): void {
    this.#send("RELOADING=1");
  }

  /** The service ends. */
  stopping(): void {
    this.#send("STOPPING=1");
  }

  /** One line for `systemctl status`. */
  status(line: string): void {
    this.#send(`STATUS=${line.replaceAll(/\s*\n\s*/g, " ")}`);
  }

  /** The service works: call it at least every {@linkcode watchdogMs} milliseconds. */
  alive(): void {
    this.#send("WATCHDOG=1");
  }

  /** Starting takes up to so many milliseconds more. */
  extendStart(ms: number): void {
    this.#send(`EXTEND_TIMEOUT_USEC=${ms * 1000}`);
  }

  #send(message: string): void {
    this.#notify(cString(message));
  }
}

function watchdogMs(): number | undefined {
  const pid = Deno.env.get("WATCHDOG_PID");
  if (pid !== undefined && Number(pid) !== Deno.pid) return undefined;
  const ms = Number(Deno.env.get("WATCHDOG_USEC")) / 1000;
  return ms > 0 ? ms : undefined;
}
