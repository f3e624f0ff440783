// Prints what happens to events. On Debian: apt install g++ libmosquitto-dev nlohmann-json3-dev
// g++ -std=c++17 -o consumer docs/examples/consumer.cpp -lmosquitto && ./consumer localhost 1883
// Logs in with MQTT_USERNAME and MQTT_PASSWORD, if they are set.
#include <mosquitto.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using nlohmann::json;

// Something that happened to one event.
struct Change {
  std::string type;   // new, update: the event lasts; end: it is over.
  json event;         // Its newest message.
  std::string cause;  // message; stopped, failed (state); offline (process gone); missed (while this client was away).
};

// Follows events by the rules for consumers: drops duplicates, ends events whose pipeline has stopped.
class Tracker {
 public:
  explicit Tracker(std::string prefix) : prefix_(std::move(prefix)) {}

  // Topics to subscribe to, with QoS 1.
  std::vector<std::string> filters() const {
    return {prefix_ + "/+/event", prefix_ + "/+/state", prefix_ + "/+/available"};
  }

  // Takes one MQTT message and returns what it changes. Throws if the payload is not valid.
  std::vector<Change> take(const std::string& topic, const std::string& payload) {
    const auto slash = topic.rfind('/');
    const auto pipeline = topic.substr(prefix_.size() + 1, slash - prefix_.size() - 1);
    const auto leaf = topic.substr(slash + 1);
    if (leaf == "event") return takeEvent(json::parse(payload));
    if (leaf == "available") return payload == "offline" ? end("offline", pipeline) : std::vector<Change>{};
    if (leaf != "state" || payload.empty()) return {};  // An empty payload deletes the retained state.
    const auto state = json::parse(payload).at("state").get<std::string>();
    return state == "stopped" || state == "failed" ? end(state, pipeline) : std::vector<Change>{};
  }

  // Ends the events that last, of one pipeline or, if that is empty, all. A later message can resume one.
  std::vector<Change> end(const std::string& cause, const std::string& pipeline = "") {
    std::vector<Change> changes;
    for (auto& [id, entry] : entries_) {
      if (!entry.lasts || (!pipeline.empty() && entry.event.at("pipeline") != pipeline)) continue;
      entry.lasts = false;
      changes.push_back({"end", entry.event, cause});
    }
    return changes;
  }

 private:
  struct Entry {
    json event;
    long seq;
    bool lasts;
    unsigned long changed;  // Counts messages.
  };

  // Events whose late duplicates are still recognized; the longest unchanged is forgotten first.
  static constexpr std::size_t kRemembered = 1000;

  std::vector<Change> takeEvent(json event) {
    if (event.at("schema") != "whence/event/2") {
      throw std::runtime_error("schema must be whence/event/2, got " + event.at("schema").dump());
    }
    const auto id = event.at("id").get<std::string>();
    const auto seq = event.at("seq").get<long>();
    const auto type = event.at("type").get<std::string>();
    const auto known = entries_.find(id);
    if (known != entries_.end() && seq <= known->second.seq) return {};
    entries_[id] = {event, seq, type != "end", ++messages_};
    if (entries_.size() > kRemembered) {
      entries_.erase(std::min_element(entries_.begin(), entries_.end(), [](const auto& a, const auto& b) {
        return a.second.changed < b.second.changed;
      }));
    }
    return {{type, std::move(event), "message"}};
  }

  const std::string prefix_;
  std::map<std::string, Entry> entries_;
  unsigned long messages_ = 0;
};

void print(const Change& change) {
  const json& event = change.event;
  char place[32] = "-";
  if (event.at("located").get<bool>()) {
    const auto& peak = event.at("peak");
    std::snprintf(place, sizeof place, "%.2f,%.2f", peak.at(0).get<double>(), peak.at(1).get<double>());
  }
  std::printf("%s %s %s %.2f %s %s %ld %s\n", change.type.c_str(),
              event.at("pipeline").get_ref<const std::string&>().c_str(),
              event.at("kind").get_ref<const std::string&>().c_str(), event.at("score").get<double>(), place,
              event.at("id").get_ref<const std::string&>().c_str(), event.at("seq").get<long>(), change.cause.c_str());
  std::fflush(stdout);
}

// Prints changes; an exception must not pass through the C library that calls back.
void printAll(const std::string& topic, const std::function<std::vector<Change>()>& changes) {
  try {
    for (const auto& change : changes()) print(change);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "Cannot use a message on %s: %s\n", topic.c_str(), error.what());
  }
}

int main(int argc, char** argv) {
  if (argc < 3) {
    std::fprintf(stderr, "Usage: %s HOST PORT [PREFIX]\n", argv[0]);
    return 2;
  }
  Tracker tracker(argc > 3 ? argv[3] : "whence");
  mosquitto_lib_init();
  mosquitto* client = mosquitto_new(nullptr, true, &tracker);
  if (client == nullptr) {
    std::perror("Cannot create an MQTT client");
    return 1;
  }
  if (const char* username = std::getenv("MQTT_USERNAME")) {
    mosquitto_username_pw_set(client, username, std::getenv("MQTT_PASSWORD"));
  }
  mosquitto_connect_with_flags_callback_set(client, [](mosquitto* client, void* user, int code, int flags) {
    if (code != 0) {
      std::fprintf(stderr, "Cannot connect: %s\n", mosquitto_connack_string(code));
      return;
    }
    auto& tracker = *static_cast<Tracker*>(user);
    for (const auto& filter : tracker.filters()) mosquitto_subscribe(client, nullptr, filter.c_str(), 1);
    const bool session_present = flags & 1;
    // Without a session, the end of an event may have been missed.
    if (!session_present) printAll("", [&] { return tracker.end("missed"); });
  });
  mosquitto_message_callback_set(client, [](mosquitto*, void* user, const mosquitto_message* message) {
    const auto* bytes = static_cast<const char*>(message->payload);  // Null if empty.
    const std::string payload = bytes == nullptr ? "" : std::string(bytes, message->payloadlen);
    printAll(message->topic, [&] { return static_cast<Tracker*>(user)->take(message->topic, payload); });
  });
  int code;
  while ((code = mosquitto_connect(client, argv[1], std::atoi(argv[2]), 60)) != MOSQ_ERR_SUCCESS) {
    std::fprintf(stderr, "Cannot connect: %s\n", mosquitto_strerror(code));
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  code = mosquitto_loop_forever(client, -1, 1);  // Reconnects.
  std::fprintf(stderr, "Disconnected: %s\n", mosquitto_strerror(code));
  return 1;
}
