import type { Architecture } from "./architecture.ts";
import type { Dependencies } from "./dependencies.ts";

/** Shown by apt as the maintainer. */
export const MAINTAINER = "Whence maintainers <whence@users.noreply.github.com>";

/** The package's control file. */
export function controlFile(
  { debian }: Architecture,
  version: string,
  { depends, recommends, suggests }: Dependencies,
  installedKib: number,
): string {
  return `Package: whence
Version: ${version}
Architecture: ${debian}
Maintainer: ${MAINTAINER}
Installed-Size: ${installedKib}
Depends: ${depends.join(", ")}
Recommends: ${recommends.join(", ")}
Suggests: ${suggests.join(", ")}
Section: video
Priority: optional
Description: locate sounds and spoken words in a camera picture
 Whence reads a camera and a microphone, finds the region of the picture that
 matches what is heard, and publishes events over MQTT. One YAML file
 configures one camera.
 .
 The package contains Deno, ONNX Runtime for the CPU and the model
 denseav-mini; it needs no network after its installation.
`;
}

/** Files of the user's configuration, which an upgrade leaves as they are. */
export const CONFIG_FILES = ["/etc/whence/front.yaml", "/etc/whence/rear.yaml"];

/** The maintainer scripts by name. */
export const SCRIPTS: Readonly<Record<string, string>> = {
  postinst: `#!/bin/sh
set -e
if [ "$1" = configure ]; then
  if ! getent passwd whence >/dev/null; then
    adduser --system --group --quiet --home /var/lib/whence --no-create-home \\
      --shell /usr/sbin/nologin whence
  fi
  for group in video audio render; do
    if getent group "$group" >/dev/null; then
      adduser --quiet whence "$group"
    fi
  done
  chown whence:whence /var/lib/whence /var/cache/whence
  chmod 755 /var/lib/whence
  chmod 750 /var/cache/whence
  if [ -d /run/systemd/system ]; then
    systemctl --system daemon-reload >/dev/null || true
    if [ -n "$2" ]; then
      systemctl try-restart 'whence@*.service' >/dev/null || true
    fi
  fi
fi
exit 0
`,
  prerm: `#!/bin/sh
set -e
if [ "$1" = remove ] && [ -d /run/systemd/system ]; then
  systemctl stop 'whence@*.service' >/dev/null || true
fi
exit 0
`,
  postrm: `#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then
  systemctl --system daemon-reload >/dev/null || true
fi
if [ "$1" = purge ]; then
  rm -rf /var/lib/whence /var/cache/whence
  rm -f /etc/systemd/system/*.wants/whence@*.service
  if [ -d /etc/whence ]; then
    rmdir --ignore-fail-on-non-empty /etc/whence
  fi
  if getent passwd whence >/dev/null && command -v deluser >/dev/null; then
    deluser --quiet --system whence >/dev/null 2>&1 || true
  fi
fi
exit 0
`,
};
