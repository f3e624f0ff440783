/** The first line that a process prints, without its end; what follows is dropped. Fails with `failure` if it ends before. */
export async function firstLine(
  stdout: ReadableStream<Uint8Array<ArrayBuffer>>,
  failure: string,
): Promise<string> {
  const reader = stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    let text = "";
    while (!text.includes("\n")) {
      const { value, done } = await reader.read();
      if (done) throw new Error(`${failure}: ${text}`);
      text += value;
    }
    return text.slice(0, text.indexOf("\n"));
  } finally {
    await reader.cancel();
  }
}
