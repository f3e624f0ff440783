import assert from "node:assert/strict";
import fc from "fast-check";
import { formatFault } from "../../src/config/fault.ts";
import { maskSecrets, rememberSecret, rememberUrlPasswords } from "../../src/core/secrets.ts";
import { LEAST, lines, readText } from "../config/pipeline_file.ts";

Deno.test("passwords inside URLs are masked, the rest stays", () => {
  assert.equal(
    maskSecrets("open rtsp://me:hunter2@cam:554/a failed"),
    "open rtsp://me:***@cam:554/a failed",
  );
  assert.equal(maskSecrets('"mqtts://u:p%40ss@h"'), '"mqtts://u:***@h"');
  assert.equal(maskSecrets("rtsp://u:a/b@c@h/x"), "rtsp://u:***@h/x");
  assert.equal(
    maskSecrets(`rtspsrc location="rtsp://me:pa:ss@cam/x?token=abc&w=1" ! x http://key@h/`),
    `rtspsrc location="rtsp://me:***@cam/x?token=***&w=1" ! x http://***@h/`,
  );
  for (const plain of ["mqtt://host:1883", "mqtt://user@host/a", "embedded:1883", "a:b@c"]) {
    assert.equal(maskSecrets(plain), plain);
  }
});

Deno.test("no password of any URL survives", () => {
  const word = fc.stringMatching(/^[A-Za-z0-9._~!$&()*+,;=%-]{1,20}$/);
  fc.assert(fc.property(word, word, (user, password) => {
    const masked = maskSecrets(`cannot open rtsp://${user}:${password}@camera/main ! fakesink`);
    assert.equal(masked, `cannot open rtsp://${user}:***@camera/main ! fakesink`);
  }));
});

Deno.test("parameters that hold secrets are masked", () => {
  assert.equal(
    maskSecrets('rtspsrc user-id=me user-pw="a b" ! x pattern=ball'),
    "rtspsrc user-id=me user-pw=*** ! x pattern=ball",
  );
  assert.equal(maskSecrets('user-pw="a\\"b c" x'), "user-pw=*** x");
  assert.equal(maskSecrets("http://h/v?token=abc&w=3"), "http://h/v?token=***&w=3");
  assert.equal(maskSecrets("http://h/v?w=3&key=abc key=2"), "http://h/v?w=3&key=*** key=2");
});

Deno.test("a secret variable shows nowhere, in no form", async () => {
  const text = LEAST +
    "publish:\n  mqtt:\n    client_id: ${ROBOT_TOKEN}\n    url: x${ROBOT_TOKEN}\n";
  const reading = await readText(text, [], { ROBOT_TOKEN: "s3cr3t/value" });
  assert.equal(reading.faults.length, 1);
  assert.ok(!lines(reading).join().includes("s3cr3t"));
  assert.equal(maskSecrets("id s3cr3t/value or s3cr3t%2Fvalue"), "id *** or ***");
});

Deno.test("a URL's password is masked in faults and, decoded, elsewhere", async () => {
  const text =
    "source: { uri: 'rtsp://me:p%40ssw0rd@cam/1' }\nmodel: m\nname: 'rtsp://a:other1@b'\n";
  const reading = await readText(text);
  assert.match(lines(reading)[0], /got "rtsp:\/\/a:\*\*\*@b"$/);
  assert.equal(maskSecrets("401 for me with p@ssw0rd"), "401 for me with ***");
  await readText(`source: { uri: "rtsp://me:it's\\"odd@cam" }\nmodel: m\n`);
  assert.equal(maskSecrets(`location=it's"odd`), "location=***");
  assert.ok(!formatFault({ file: "f", message: "other1" }).includes("other1"));
});

Deno.test("a secret too short to tell from ordinary text is masked only in a secret's place", () => {
  rememberSecret("ab");
  assert.equal(maskSecrets("about"), "about");
  assert.equal(maskSecrets("rtsp://u:ab@h"), "rtsp://u:***@h");
});

Deno.test("a password that is a plain word leaves longer words readable", () => {
  rememberSecret("password");
  assert.equal(
    maskSecrets("password_file, user 'password', mypasswords"),
    "password_file, user '***', mypasswords",
  );
});

Deno.test("short query names and headers that carry secrets are masked", () => {
  assert.equal(
    maskSecrets("http://cam/snap.cgi?u=admin&p=hunter2&w=3"),
    "http://cam/snap.cgi?u=admin&p=***&w=3",
  );
  assert.equal(maskSecrets("Authorization: Basic YWJj next"), "Authorization: Basic *** next");
  assert.equal(maskSecrets('"authorization":"Bearer abc"'), '"authorization":"Bearer ***"');
  assert.equal(
    maskSecrets(
      `souphttpsrc extra-headers="h,Authorization=(string)\\"Basic\\ YWJj\\",x=1" ! fakesink`,
    ),
    `souphttpsrc extra-headers="h,Authorization=(string)\\"Basic\\ ***\\",x=1" ! fakesink`,
  );
  assert.equal(maskSecrets("a map=1 and x?stop=2"), "a map=1 and x?stop=2");
});

Deno.test("masking takes time in proportion to the text", () => {
  // Each of these kept a quadratic pattern busy for minutes.
  for (
    const part of [
      "x",
      "a://",
      "a:",
      "a://b:",
      "@a://b:",
      "passw",
      "pw ",
      'pw="',
      "pw='\\",
      "-pw",
      "&p=",
      "http://a",
      "authorization ",
      "?",
      "x-",
    ]
  ) {
    const text = part.repeat(Math.ceil(900_000 / part.length));
    assert.equal(typeof maskSecrets(text), "string");
    rememberUrlPasswords(text);
  }
});
