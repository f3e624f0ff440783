"""Runs a Home Assistant core with nothing but its MQTT integration.

Arguments: the broker's port, a free port for its HTTP server, a folder for its configuration. Prints a JSON line per changed entity: {"entity_id", "state", "name",
"attributes"}; `state` is null when the entity is removed. Takes JSON lines {"domain", "service", "entity_id"} and calls the service.
"""

import asyncio
import json
import pathlib
import sys

from homeassistant import auth, bootstrap, config_entries, core, loader
from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.setup import async_setup_component


@core.callback
def shown(event):
    new = event.data["new_state"]
    line = {"entity_id": event.data["entity_id"], "state": new and new.state}
    if new:
        line |= {"name": new.name, "attributes": dict(new.attributes)}
    print(json.dumps(line, default=str), flush=True)


async def main(port: int, http_port: int, folder: str) -> None:
    pathlib.Path(folder, "configuration.yaml").touch()
    hass = core.HomeAssistant(folder)
    hass.config.skip_pip = True
    loader.async_setup(hass)
    hass.config_entries = config_entries.ConfigEntries(hass, {})
    await bootstrap.async_load_base_functionality(hass)
    hass.bus.async_listen(EVENT_STATE_CHANGED, shown)
    hass.auth = await auth.auth_manager_from_config(hass, [{"type": "homeassistant"}], [])
    assert await async_setup_component(hass, "homeassistant", {})
    # The MQTT integration needs it.
    http = {"server_host": ["127.0.0.1"], "server_port": http_port}
    assert await async_setup_component(hass, "http", {"http": http})
    entry = config_entries.ConfigEntry(
        version=1,
        minor_version=1,
        domain="mqtt",
        title="broker",
        data={"broker": "127.0.0.1", "port": port},
        source=config_entries.SOURCE_USER,
    )
    await hass.config_entries.async_add(entry)
    await hass.async_start()
    print(json.dumps({"started": entry.state.value}), flush=True)
    lines = asyncio.StreamReader()
    await hass.loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async for line in lines:
        call = json.loads(line)
        data = {"entity_id": call["entity_id"]}
        await hass.services.async_call(call["domain"], call["service"], data, blocking=True)
    await hass.async_stop(force=True)


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]))
