import type { Log } from "../../core/log.ts";
import { LineLimiter } from "../line_limiter.ts";
import type { ResponseAddress } from "./mqtt_session.ts";
import { parseSetCommand } from "./set_command.ts";

/** What a set topic works with. */
export interface SetTopicOptions {
  readonly topic: string;
  /** Prefix of Whence's own topics, which get no responses. */
  readonly prefix: string;
  readonly log: Log;
  /** Called for each valid command. */
  readonly onSet?: (enabled: boolean) => void;
  /** Publishes a response. */
  readonly respond: (address: ResponseAddress, outcome: object) => void;
}

/** Commands of one pipeline's `set` topic. */
export class SetTopic {
  readonly #options: SetTopicOptions;
  readonly #bad: LineLimiter;
  #retained: string | undefined;

  constructor(options: SetTopicOptions) {
    this.#options = options;
    this.#bad = new LineLimiter(options.log);
  }

  /** Obeys a command, and responds if the sender asks for it. */
  take(payload: Uint8Array, retained: boolean, response: ResponseAddress | undefined): void {
    // The broker repeats it on each connection: obeyed again, it would undo later commands.
    const text = new TextDecoder().decode(payload);
    if (retained && text === this.#retained) return;
    if (retained) this.#retained = text;
    const outcome = this.#obey(payload);
    if (response !== undefined && !retained) this.#respond(response, outcome);
  }

  /** Writes what was held back of the log. */
  flush(): void {
    this.#bad.flush();
  }

  /** Gives what to respond. */
  #obey(payload: Uint8Array): object {
    let enabled: boolean;
    try {
      enabled = parseSetCommand(payload);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#bad.warn(`Ignored a message on ${this.#options.topic}: ${reason}`);
      return { error: reason };
    }
    this.#options.onSet?.(enabled);
    return { enabled };
  }

  /** A response under the own prefix could pass for an event or a state. */
  #respond(address: ResponseAddress, outcome: object): void {
    const { topic } = address;
    if (/[+#]/.test(topic) || `${topic}/`.startsWith(`${this.#options.prefix}/`)) return;
    this.#options.respond(address, outcome);
  }
}
