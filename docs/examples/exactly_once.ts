// Handles each event message exactly once: deno run -A docs/examples/exactly_once.ts mqtt://localhost robot.sqlite
import { DatabaseSync } from "node:sqlite";
import mqtt from "mqtt";

const [url, file] = Deno.args;
const db = new DatabaseSync(file, { timeout: 5000 }); // Another program may read it.
db.exec("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, seq INTEGER)");
db.exec("CREATE TABLE IF NOT EXISTS handled (id TEXT, seq INTEGER, type TEXT)");
const see = db.prepare(`INSERT INTO seen VALUES (?, ?)
  ON CONFLICT (id) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq`);
const handle = db.prepare("INSERT INTO handled VALUES (?, ?, ?)");

const client = mqtt.connect(url, { clientId: "robot", clean: false });
client.subscribe("whence/+/event", { qos: 1 });
// The library acknowledges a message after this function: if the process dies before, the broker sends it again.
client.on("message", (_topic, payload) => {
  const { id, seq, type } = JSON.parse(payload.toString());
  db.exec("BEGIN IMMEDIATE");
  if (see.run(id, seq).changes > 0) handle.run(id, seq, type); // What you do, in the same transaction.
  db.exec("COMMIT");
});
