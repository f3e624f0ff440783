"""Handles each event message exactly once: python3 docs/examples/exactly_once.py localhost 1883 robot.sqlite"""
import json, sqlite3, sys
import paho.mqtt.client as mqtt

host, port, file = sys.argv[1:]
db = sqlite3.connect(file)
db.execute("CREATE TABLE IF NOT EXISTS seen (id TEXT PRIMARY KEY, seq INTEGER)")
db.execute("CREATE TABLE IF NOT EXISTS handled (id TEXT, seq INTEGER, type TEXT)")

def on_message(client, userdata, message):
    event = json.loads(message.payload)
    with db:  # One transaction: all or nothing.
        new = db.execute("""INSERT INTO seen VALUES (:id, :seq)
            ON CONFLICT (id) DO UPDATE SET seq = excluded.seq WHERE excluded.seq > seq""", event).rowcount > 0
        if new:  # What you do, in the same transaction.
            db.execute("INSERT INTO handled VALUES (:id, :seq, :type)", event)

# The library acknowledges a message after on_message: if the process dies before, the broker sends it again.
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="robot", clean_session=False)
client.on_message = on_message
client.on_connect = lambda client, *_: client.subscribe("whence/+/event", qos=1)
client.connect(host, int(port))
client.loop_forever()
