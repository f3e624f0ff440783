/** Prints which of the elements that are its arguments encodes camera pictures; a program of its own, for its environment. */
import { chooseJpegEncoder } from "../../src/capture/jpeg_encoder.ts";
import { inspectElements } from "../../src/capture/inspect.ts";

const [{ found }] = await inspectElements([Deno.args[0]]);
console.log(found, await chooseJpegEncoder(Deno.args));
