/** The example flow for Node-RED: its structure, and its function on messages. */
import assert from "node:assert/strict";
import { z } from "zod";
import { eventSchema } from "../../src/events/event.ts";
import { sampleEvent } from "../support/sample_event.ts";

const node = z.looseObject({
  id: z.string().regex(/^[0-9a-f]{16}$/),
  type: z.string(),
  z: z.string().optional(),
  wires: z.array(z.array(z.string())).optional(),
});
const flow = z.array(node).parse(JSON.parse(
  await Deno.readTextFile(new URL("../../docs/examples/node_red_flow.json", import.meta.url)),
));
const ofType = (type: string) => flow.filter((node) => node.type === type);
const [follow] = ofType("function");

interface Change {
  readonly topic: string;
  readonly payload: { readonly type: string; readonly event: unknown; readonly cause: string };
}

/** The flow's function with a context of its own, called as Node-RED calls it: returns the messages of its one output. */
function newFunction(warnings: string[] = []): (msg: object) => Change[] {
  const code = new Function("msg", "context", "node", String(follow.func));
  const context = new Map<string, unknown>();
  const warn = (text: string) => warnings.push(text);
  return (msg) => {
    const outputs: Change[][] = code(msg, context, { warn });
    assert.equal(outputs.length, follow.outputs);
    return outputs[0];
  };
}

Deno.test("ids are unique, and wires, tabs, brokers and scopes refer to nodes of the flow", () => {
  const ids = new Set(flow.map(({ id }) => id));
  assert.equal(ids.size, flow.length);
  const [tab] = ofType("tab");
  const [broker] = ofType("mqtt-broker");
  for (const { id, type, z, wires, broker: used, scope } of flow) {
    if (["tab", "mqtt-broker"].includes(type)) continue;
    assert.equal(z, tab.id, id);
    for (const target of wires?.flat() ?? []) assert.ok(ids.has(target), `${id} → ${target}`);
    if (type === "mqtt in") assert.equal(used, broker.id, id);
    if (type === "status") assert.ok((scope as string[]).every((target) => ids.has(target)), id);
  }
});

Deno.test("the flow subscribes with QoS 1 to what the rules need, and all of it reaches the function", () => {
  const inputs = ofType("mqtt in");
  assert.deepEqual(inputs.map(({ topic }) => topic), [
    ...["whence/+/event", "whence/+/state", "whence/+/available"],
  ]);
  for (const { id, qos, datatype } of inputs) assert.deepEqual([qos, datatype], ["1", "utf8"], id);
  for (const { id, wires } of [...inputs, ...ofType("status")]) {
    assert.deepEqual(wires, [[follow.id]], id);
  }
  assert.deepEqual(follow.wires, [[ofType("debug")[0].id]]);
});

Deno.test("the function drops duplicates and ends events whose pipeline has stopped", () => {
  const warnings: string[] = [];
  const take = newFunction(warnings);
  const on = (topic: string, payload: string) =>
    take({ topic: `whence/${topic}`, payload }).map(
      ({ topic, payload: { type, event, cause } }) => {
        const { seq } = eventSchema.parse(event);
        return `${topic} ${type} ${seq} ${cause}`;
      },
    );
  const message = (changes: object) => JSON.stringify({ ...sampleEvent(), ...changes });
  const state = (state: string) => JSON.stringify({ state, since: 1, reason: null });
  assert.deepEqual(on("front/event", message({})), ["front new 0 message"]);
  assert.deepEqual(on("front/event", message({})), []);
  const other = { id: "1763812809.000-zzzzzz", pipeline: "back" };
  assert.deepEqual(on("back/event", message(other)), ["back new 0 message"]);
  assert.deepEqual(on("front/state", state("running")), []);
  assert.deepEqual(on("front/state", ""), []);
  assert.deepEqual(on("front/state", state("failed")), ["front end 0 failed"]);
  assert.deepEqual(on("front/state", state("stopped")), []);
  const update = message({ type: "update", seq: 1 });
  assert.deepEqual(on("front/event", update), ["front update 1 message"]);
  assert.deepEqual(on("front/available", "online"), []);
  assert.deepEqual(on("front/available", "offline"), ["front end 1 offline"]);
  assert.deepEqual(on("back/available", "offline"), ["back end 0 offline"]);
  assert.deepEqual(on("front/event", message({ schema: "whence/event/1", seq: 2 })), []);
  assert.deepEqual(warnings, ["schema must be whence/event/2, got whence/event/1"]);
});

Deno.test("the function ends all events when the broker is disconnected", () => {
  const take = newFunction();
  const payload = JSON.stringify(sampleEvent());
  assert.equal(take({ topic: "whence/front/event", payload }).length, 1);
  assert.deepEqual(take({ status: { fill: "green", text: "connected" } }), []);
  const [change] = take({ status: { fill: "red", text: "disconnected" } });
  assert.equal(change.payload.cause, "missed");
});
