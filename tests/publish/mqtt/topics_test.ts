import assert from "node:assert/strict";
import {
  everyEventFilter,
  pipelineTopics,
  topicMatches,
} from "../../../src/publish/mqtt/topics.ts";

Deno.test("topics are as documented", () => {
  const topics = pipelineTopics("home/whence", "front");
  assert.deepEqual(
    [
      topics.available,
      topics.event,
      topics.state,
      topics.stats,
      topics.set,
      topics.active("sound"),
      topics.picture("speech"),
      topics.pictureInfo("speech"),
    ],
    [
      "home/whence/front/available",
      "home/whence/front/event",
      "home/whence/front/state",
      "home/whence/front/stats",
      "home/whence/front/set",
      "home/whence/front/sound",
      "home/whence/front/picture/speech",
      "home/whence/front/picture/speech/info",
    ],
  );
});

Deno.test("filters match as MQTT 5.0 § 4.7 says", () => {
  const cases: [filter: string, topic: string, matches: boolean][] = [
    [everyEventFilter("whence"), "whence/front/event", true],
    [everyEventFilter("whence"), "whence/front/state", false],
    [everyEventFilter("whence"), "whence/a/b/event", false],
    ["sport/tennis/player1/#", "sport/tennis/player1", true],
    ["sport/tennis/player1/#", "sport/tennis/player1/ranking", true],
    ["sport/+", "sport", false],
    ["sport/+", "sport/", true],
    ["+", "/finance", false],
    ["/+", "/finance", true],
    ["#", "$SYS/uptime", false],
    ["$SYS/#", "$SYS/uptime", true],
    ["a/b", "a/b/c", false],
  ];
  for (const [filter, topic, matches] of cases) {
    assert.equal(topicMatches(filter, topic), matches, `${filter} and ${topic}`);
  }
});
