import assert from "node:assert/strict";
import { callHeaders, framed, readResult } from "../../../../src/model/runtime/remote/grpc_call.ts";

const GRPC = { "content-type": "application/grpc" };

function result(body: Uint8Array<ArrayBuffer>, headers: Record<string, string>, status = 200) {
  return readResult({ status, headers: new Headers(headers), body });
}

Deno.test("a framed message is read again, also an empty one", () => {
  for (
    const message of [new Uint8Array(), Uint8Array.of(1, 2, 3), new Uint8Array(70_000).fill(7)]
  ) {
    const body = framed(message);
    assert.equal(body.length, message.length + 5);
    assert.deepEqual(result(body, GRPC), { message });
  }
  assert.equal(callHeaders(1499.2)["grpc-timeout"], "1500m");
});

Deno.test("results of calls that failed", () => {
  const none = new Uint8Array();
  const whole = framed(Uint8Array.of(1, 2, 3));
  const cases: [string, ReturnType<typeof result>, string, boolean][] = [
    [
      "a status in the headers",
      result(none, { ...GRPC, "grpc-status": "5", "grpc-message": "no%20such m%C3%B6del" }),
      "the server returned NOT_FOUND: no such mödel",
      false,
    ],
    [
      "a text that is not encoded",
      result(none, { ...GRPC, "grpc-status": "14", "grpc-message": "100 % busy" }),
      "the server returned UNAVAILABLE: 100 % busy",
      true,
    ],
    [
      "an unknown status",
      result(none, { ...GRPC, "grpc-status": "99" }),
      "the server returned 99",
      false,
    ],
    [
      "a failure after the headers",
      result(none, GRPC),
      "the server ended the call without a result; its log may say why",
      true,
    ],
    [
      "a cut message",
      result(whole.slice(0, -1), GRPC),
      "the server must return one whole message, got 7 bytes",
      false,
    ],
    [
      "a cut prefix",
      result(whole.slice(0, 3), GRPC),
      "the server must return one whole message, got 3 bytes",
      false,
    ],
    [
      "a compressed message",
      result(Uint8Array.of(1, ...whole.slice(1)), GRPC),
      "the server must return one whole message, got a compressed one",
      false,
    ],
    [
      "a server of HTTP",
      result(whole, { "content-type": "text/html" }),
      "it must be a gRPC server, got text/html",
      false,
    ],
    [
      "a page that is not found",
      result(none, {}, 404),
      "it must be a gRPC server, got HTTP 404",
      false,
    ],
    [
      "a proxy without its server",
      result(none, {}, 503),
      "it must be a gRPC server, got HTTP 503",
      true,
    ],
  ];
  for (const [name, got, fault, busy] of cases) {
    assert.ok("fault" in got, name);
    assert.deepEqual([got.fault, got.busy], [fault, busy], name);
  }
});
