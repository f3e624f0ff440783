import assert from "node:assert/strict";
import {
  describeFault,
  isProtocolRefusal,
  shownUrl,
} from "../../../src/publish/mqtt/mqtt_fault.ts";

const withCode = (code: string | number, message = "raw") =>
  Object.assign(new Error(message), { code });

Deno.test("an address is shown without user name, password and query", () => {
  assert.equal(shownUrl("mqtt://me:s3cret@host:1883"), "mqtt://host:1883");
  assert.equal(shownUrl("wss://me@host/mqtt?token=s3cret#x"), "wss://host/mqtt");
  assert.equal(shownUrl("mqtts://[::1]:8883/"), "mqtts://[::1]:8883");
  assert.equal(shownUrl("s3cret"), "the broker");
});

Deno.test("faults are worded for users", () => {
  assert.equal(describeFault(withCode("ECONNREFUSED")), "connection refused");
  assert.match(describeFault(withCode(135)), /check username and password_file/);
  assert.equal(describeFault(new Error("connack timeout")), "no answer");
  assert.equal(describeFault(withCode("EODD", "two\n lines")), "two lines");
});

Deno.test("only a refused protocol version is followed by an older one", () => {
  assert.ok(isProtocolRefusal(withCode(1)) && isProtocolRefusal(withCode(132)));
  assert.ok(!isProtocolRefusal(withCode(5)) && !isProtocolRefusal(withCode("ECONNREFUSED")));
});
