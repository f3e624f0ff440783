import { mqttSchema } from "../../publish/mqtt/mqtt_schema.ts";
import { decodeEvent } from "../../events/event_json.ts";
import { EVENT_LINE_HEADER, formatEventLine } from "../../events/event_line.ts";
import {
  type CredentialFiles,
  locateCredentials,
  readCredentials,
} from "../../publish/mqtt/credentials.ts";
import { CredentialFileError } from "../../publish/mqtt/mqtt_fault.ts";
import { MqttLink, randomClientId } from "../../publish/mqtt/mqtt_link.ts";
import { everyEventFilter } from "../../publish/mqtt/topics.ts";
import { UsageError } from "../exit.ts";
import { printNews } from "../stderr.ts";

/** Options of `whence watch`. */
export interface WatchOptions {
  readonly url: string;
  readonly prefix: string;
  readonly json: boolean;
  readonly username?: string;
  readonly passwordFile?: string;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

function checkOptions(options: WatchOptions) {
  const { passwordFile, json: _, ...rest } = options;
  if (!mqttSchema.shape.url.safeParse(rest.url).success || rest.url.startsWith("embedded:")) {
    throw new UsageError(
      "Cannot watch: --url must be the address of a broker (mqtt://HOST:PORT, mqtts://…, ws://… or " +
        `wss://…), got ${rest.url}`,
    );
  }
  const checked = mqttSchema.safeParse({ ...rest, password_file: passwordFile });
  if (checked.success) return checked.data;
  const [{ path, message }] = checked.error.issues;
  if (path.length === 0) {
    throw new UsageError("Cannot watch: --cert and --key must be given together");
  }
  const key = String(path[0]);
  const got = key === "url" ? rest.url : rest.prefix;
  throw new UsageError(`Cannot watch: ${optionOf(key)} ${message}, got ${got}`);
}

/** The option that sets a key of `publish.mqtt`. */
function optionOf(key: string): string {
  return `--${key.replaceAll("_", "-")}`;
}

/** Fails at once if a file of the options cannot be read, rather than at each connection. */
async function checkFiles(files: CredentialFiles): Promise<void> {
  try {
    await readCredentials(files);
  } catch (error) {
    if (!(error instanceof CredentialFileError)) throw error;
    throw new UsageError(`Cannot watch: ${error.message.replace(/^\w+/, optionOf)}`);
  }
}

/** A payload as one line: in JSON, line ends are only between tokens. */
function jsonLine(text: string): string {
  JSON.parse(text);
  return text.replace(/[\r\n]+\s*/g, " ").trim();
}

/** Writes to stdout; calls `onGone` when the reader has closed the pipe (as `| head` does). */
function printer(onGone: () => void): (line: string) => void {
  const encoder = new TextEncoder();
  return (line) => {
    try {
      for (let rest = encoder.encode(`${line}\n`); rest.length > 0;) {
        rest = rest.subarray(Deno.stdout.writeSync(rest));
      }
    } catch (error) {
      if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
      onGone();
    }
  };
}

/**
 * Prints events as they arrive until SIGINT or SIGTERM; reconnects if the broker is unavailable. Events go to stdout, the
 * state of the connection to stderr.
 *
 * @throws {UsageError} if an option is invalid.
 */
export async function watchEvents(options: WatchOptions): Promise<void> {
  const { url, prefix, ...credentials } = checkOptions(options);
  const files = locateCredentials(credentials, Deno.cwd());
  await checkFiles(files);
  const ended = Promise.withResolvers<void>();
  const end = () => ended.resolve();
  const print = printer(end);
  const link = new MqttLink({
    url,
    clientId: randomClientId("watch"),
    readCredentials: () => readCredentials(files),
    log: (_, line) => printNews(line),
  });
  link.subscribe(everyEventFilter(prefix), (topic, payload) => {
    const text = new TextDecoder().decode(payload);
    try {
      print(options.json ? jsonLine(text) : formatEventLine(decodeEvent(text)));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      printNews(`${JSON.stringify(topic)}: ${reason}`);
    }
  });
  Deno.addSignalListener("SIGINT", end);
  Deno.addSignalListener("SIGTERM", end);
  if (!options.json) print(EVENT_LINE_HEADER);
  link.start();
  await ended.promise;
  await link.close();
  Deno.removeSignalListener("SIGINT", end);
  Deno.removeSignalListener("SIGTERM", end);
}
