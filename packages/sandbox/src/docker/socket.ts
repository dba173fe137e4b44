/** Where Docker listens unless told otherwise. */
export const DOCKER_SOCKET = "/var/run/docker.sock";

/** Where Podman's service listens for this user (podman-system-service(1)). */
export function podmanSocket(): string {
  const uid = process.getuid?.() ?? 0;
  return uid === 0 ? "/run/podman/podman.sock" : `/run/user/${String(uid)}/podman/podman.sock`;
}
