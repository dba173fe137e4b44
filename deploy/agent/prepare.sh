# Run once while the image is built: brings what is missing, makes the user, closes what need not be open.
has() { command -v "$1" >/dev/null 2>&1; }

if ! has node || [ "$(node -p 'process.versions.node.split(".")[0]')" -lt 22 ]; then
  echo "the base image needs Node 22 or newer; choose another with --base" >&2
  exit 1
fi
if ! has git || [ ! -s /etc/ssl/certs/ca-certificates.crt ]; then
  if ! has apt-get; then
    echo "the base image needs git and ca-certificates; choose another with --base" >&2
    exit 1
  fi
  apt-get update
  apt-get install -y --no-install-recommends git ca-certificates
fi

grep -q '^[^:]*:[^:]*:1000:' /etc/group || echo 'mosaic:x:1000:' >>/etc/group
grep -q '^[^:]*:[^:]*:1000:' /etc/passwd || echo 'mosaic:x:1000:1000::/home/mosaic:/bin/sh' >>/etc/passwd
mkdir -p /tree /home/mosaic /opt/mosaic /run/mosaic
chown 1000:1000 /tree /home/mosaic

rm -rf /var/lib/apt/lists/* /var/cache/apt/* /var/cache/debconf/*-old /var/log/* /root/.npm /root/.cache /etc/shadow- /etc/gshadow-
# Nobody in a sandbox becomes another user, and nobody writes to programs.
find / -xdev -type f \( -perm -4000 -o -perm -2000 \) -exec chmod ug-s {} +
find / -xdev -type f -perm -0002 -exec chmod o-w {} +
find / -xdev -type d -perm -0002 ! -perm -1000 -exec chmod o-w {} +
