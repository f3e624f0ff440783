import assert from "node:assert/strict";
import { maskSecrets } from "../../../src/core/secrets.ts";
import { locateCredentials, readCredentials } from "../../../src/publish/mqtt/credentials.ts";

Deno.test("credential files are read relative to the folder of the pipeline file", async () => {
  const folder = await Deno.makeTempDir();
  await Deno.writeTextFile(`${folder}/password`, "s3cret word\r\nsecond line\n");
  await Deno.writeTextFile(`${folder}/ca.pem`, "PEM");
  const files = locateCredentials(
    { username: "me", password_file: "password", ca: `${folder}/ca.pem` },
    folder,
  );
  const credentials = await readCredentials(files);
  assert.equal(credentials.username, "me");
  assert.equal(credentials.password, "s3cret word");
  assert.equal(new TextDecoder().decode(credentials.ca), "PEM");
  assert.equal(credentials.key, undefined);
  await Deno.writeTextFile(`${folder}/password`, "newer");
  assert.equal((await readCredentials(files)).password, "newer");
  assert.equal(maskSecrets("login with s3cret word failed"), "login with *** failed");
  await Deno.remove(folder, { recursive: true });
});

Deno.test("the error for a missing file names its key", async () => {
  await assert.rejects(
    readCredentials({ password_file: "/nowhere/password" }),
    { message: "password_file must be a readable file, got /nowhere/password (no such file)" },
  );
});
