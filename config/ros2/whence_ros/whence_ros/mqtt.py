"""The connection to the broker."""

import json

import paho.mqtt.client as paho


def connect(client_id, host, port, topics, on_message, username="", password=None):
    """Connects in the background, subscribes to `topics` at each connection, and calls `on_message(topic, payload)`.

    The session persists: messages of QoS 1 that are published while this client is away arrive later.
    """
    # Ubuntu has paho-mqtt 1.5 and 1.6, PyPI 2.
    version = getattr(paho, "CallbackAPIVersion", None)
    first = () if version is None else (version.VERSION1,)
    client = paho.Client(*first, client_id=client_id, clean_session=False)
    if username:
        client.username_pw_set(username, password)
    client.on_connect = lambda client, *_: client.subscribe([(topic, 1) for topic in topics])
    client.on_message = lambda _client, _data, message: on_message(message.topic, message.payload)
    client.reconnect_delay_set(1, 30)
    client.connect_async(host, port)
    client.loop_start()
    return client


def switch(client, topic, enabled):
    """Switches the pipeline on or off; returns False without a connection, and then sends nothing later either."""
    # The library would keep the message and send it at the next connection.
    if not client.is_connected():
        return False
    return client.publish(topic, json.dumps({"enabled": enabled}), qos=1).rc == 0
