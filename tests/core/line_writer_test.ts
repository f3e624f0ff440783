import assert from "node:assert/strict";
import { LineWriter } from "../../src/core/line_writer.ts";

/** A stream with room for so many bytes, like a file on a disk that fills up. */
class Disk {
  room: number;
  #bytes: number[] = [];
  #step: number;

  constructor(room: number, step = Infinity) {
    this.room = room;
    this.#step = step;
  }

  writeSync(bytes: Uint8Array): number {
    if (this.room === 0) throw new Error("No space left on device (os error 28)");
    const part = bytes.subarray(0, Math.min(this.room, this.#step));
    this.room -= part.length;
    this.#bytes.push(...part);
    return part.length;
  }

  get text(): string {
    return new TextDecoder().decode(Uint8Array.from(this.#bytes));
  }
}

Deno.test("lines are written whole, however small the stream's bites", () => {
  const disk = new Disk(Infinity, 3);
  const writer = new LineWriter(disk);
  writer.write("one é");
  writer.write("two");
  assert.equal(disk.text, "one é\ntwo\n");
});

Deno.test("a full disk loses lines, counts them and throws nothing", () => {
  const disk = new Disk(6);
  const writer = new LineWriter(disk);
  for (const line of ["one", "two", "three"]) writer.write(line);
  assert.equal(disk.text, "one\ntw");
  disk.room = Infinity;
  writer.write("four");
  writer.write("five");
  assert.equal(
    disk.text,
    "one\ntw\n2 log lines were lost: No space left on device (os error 28)\nfour\nfive\n",
  );
});

Deno.test("a stream that takes nothing ends no process in a loop", () => {
  let calls = 0;
  const writer = new LineWriter({ writeSync: () => (calls++, 0) });
  writer.write("one");
  assert.equal(calls, 1);
});
