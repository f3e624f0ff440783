"""Serves a launch text at rtsp://127.0.0.1:PORT/PATH until standard input closes.

Arguments: the launch text (payloaders pay0, pay1), `udp` or `tcp` (what clients may use), the port (0: a free one). Prints
the port.
"""

import sys

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

Gst.init(None)
server = GstRtspServer.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(sys.argv[3])
factory = GstRtspServer.RTSPMediaFactory()
factory.set_launch(f"( {sys.argv[1]} )")
factory.set_shared(True)
protocols = GstRtsp.RTSPLowerTrans
factory.set_protocols(protocols.TCP if sys.argv[2] == "tcp" else protocols.UDP | protocols.TCP)
server.get_mount_points().add_factory("/cam", factory)
server.attach(None)
print(server.get_bound_port(), flush=True)
loop = GLib.MainLoop()
GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, lambda *_: loop.quit())
loop.run()
