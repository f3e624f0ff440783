import assert from "node:assert/strict";
import { hostText, isLoopback, parseListenAddress } from "../../src/core/listen_address.ts";

Deno.test("addresses in all their forms", () => {
  const cases: [string, string | undefined][] = [
    ["127.0.0.1:8471", "127.0.0.1:8471"],
    ["0.0.0.0", "0.0.0.0:80"],
    ["0.0.0.0:9", "0.0.0.0:9"],
    ["8080", "127.0.0.1:8080"],
    [":8080", "127.0.0.1:8080"],
    ["[::1]:1", "[::1]:1"],
    ["[::]", "[::]:80"],
    ["robot.local:99", "robot.local:99"],
    ["300.1.1.1", undefined],
    ["70000", undefined],
    ["1.2.3.4:70000", undefined],
    ["", undefined],
    ["a b", undefined],
    ["::1", undefined],
    ["[1.2.3.4]:1", undefined],
    ["http://robot", undefined],
  ];
  for (const [text, expected] of cases) {
    const address = parseListenAddress(text, 80);
    assert.equal(address && hostText(address), expected, text);
  }
});

Deno.test("only loopback addresses are loopback", () => {
  for (const host of ["127.0.0.1", "127.1.2.3", "localhost", "::1"]) assert.ok(isLoopback(host));
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "127.evil.example", "robot"]) {
    assert.ok(!isLoopback(host), host);
  }
});
