import process from "node:process";

/** A service manager's notification socket: receives the messages of `sd_notify(3)`. */
export class NotifySocket implements AsyncDisposable {
  readonly path: string;
  readonly #folder: string;
  readonly #receiver: Deno.ChildProcess;
  readonly #messages: string[] = [];
  readonly #reading: Promise<void>;

  private constructor(folder: string, path: string, receiver: Deno.ChildProcess) {
    this.#folder = folder;
    this.path = path;
    this.#receiver = receiver;
    this.#reading = this.#read();
  }

  /** Opens a socket; Python receives, because Deno's datagram sockets need an unstable flag. */
  static async open(): Promise<NotifySocket> {
    const folder = await Deno.makeTempDir();
    const path = `${folder}/notify`;
    const script = "import socket, sys\n" +
      "s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)\n" +
      "s.bind(sys.argv[1])\n" +
      "print('bound', flush=True)\n" +
      "while True: print(s.recv(65536).decode(), flush=True)\n";
    const receiver = new Deno.Command("python3", {
      args: ["-c", script, path],
      stdin: "null",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const socket = new NotifySocket(folder, path, receiver);
    while (!socket.#messages.includes("bound")) await new Promise((next) => setTimeout(next, 10));
    socket.#messages.length = 0;
    return socket;
  }

  /** All messages so far, oldest first. */
  get messages(): readonly string[] {
    return this.#messages;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    process.kill(this.#receiver.pid, "SIGKILL");
    await this.#receiver.status;
    await this.#reading;
    await Deno.remove(this.#folder, { recursive: true });
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#receiver.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      this.#messages.push(...lines);
    }
  }
}
