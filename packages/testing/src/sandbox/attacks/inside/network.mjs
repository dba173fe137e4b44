// What is on the network, and on sockets of the host.
import { createSocket } from "node:dgram";
import { Resolver, lookup } from "node:dns";
import { networkInterfaces } from "node:os";
import { createConnection } from "node:net";
import { perl, socketFamilies } from "./system-calls.mjs";

const PATIENCE_MS = 1_500;

/** What a connection came to: "connected", or the error's code. */
function connect(options) {
  return new Promise((resolve) => {
    const socket = createConnection(options);
    const end = (answer) => {
      socket.destroy();
      resolve(answer);
    };
    socket.on("connect", () => end("connected"));
    socket.on("error", (error) => end(error.code));
    setTimeout(() => end("ETIMEDOUT"), PATIENCE_MS).unref();
  });
}

/** What was heard, or null: a datagram that is sent into the void is no success. */
function datagram(port, host) {
  return new Promise((resolve) => {
    const socket = createSocket(host.includes(":") ? "udp6" : "udp4");
    const end = (answer) => {
      socket.close();
      resolve(answer);
    };
    const timer = setTimeout(() => end(null), 300);
    socket.on("message", (message) => (clearTimeout(timer), end(message.toString())));
    socket.on("error", () => (clearTimeout(timer), end(null)));
    socket.send("hello", port, host, (error) => error && (clearTimeout(timer), end(null)));
  });
}

async function tryAll(places, report) {
  await Promise.all(
    places.map(async ({ name, ...options }) => {
      if ((await connect(options)) === "connected") report.reached(name);
    }),
  );
}

export const NETWORK_ATTACKS = {
  "gateways of others": async ({ sockets = [], abstractSockets = [] }, report) => {
    const paths = sockets.flatMap((path) => [path, `/proc/1/root${path}`, `/proc/self/root${path}`]);
    await tryAll(
      [...paths, ...abstractSockets.map((name) => `\0${name}`)].map((path) => ({ name: path, path })),
      report,
    );
    const { readFileSync } = await import("node:fs");
    for (const line of readFileSync("/proc/net/unix", "utf8").split("\n"))
      if (sockets.some((path) => line.includes(path))) report.reached(`/proc/net/unix names ${line}`);
  },
  "host network": async ({ ports = [], hostAddresses = [], nameServers = [] }, report) => {
    const hosts = ["127.0.0.1", "::1", "0.0.0.0", "localhost", ...hostAddresses];
    const own = ports.flatMap((port) => hosts.map((host) => ({ name: `${host}:${port}`, host, port })));
    const others = ["169.254.169.254", "100.100.100.200", "fd00:ec2::254", "1.1.1.1", ...nameServers].flatMap(
      (host) => [53, 80, 443].map((port) => ({ name: `${host}:${port}`, host, port })),
    );
    await tryAll([...own, ...others], report);
    for (const [port, host] of [
      ...ports.map((one) => [one, "127.0.0.1"]),
      ...nameServers.map((one) => [53, one]),
    ]) {
      const heard = await datagram(port, host);
      if (heard !== null) report.reached(`a datagram to ${host}:${port}: ${heard}`);
    }
    for (const name of Object.keys(networkInterfaces()))
      if (name !== "lo") report.reached(`interface ${name}`);
  },
  "name service": async ({ nameServers = [] }, report) => {
    const asked = await new Promise((resolve) =>
      lookup("example.com", (error, address) => resolve(error === null ? address : null)),
    );
    if (asked !== null) report.reached(`example.com is ${asked}`);
    const resolver = new Resolver({ timeout: 300, tries: 1 });
    for (const server of ["1.1.1.1", ...nameServers]) {
      resolver.setServers([server]);
      const answer = await new Promise((resolve) =>
        resolver.resolve4("example.com", (error, addresses) => resolve(error === null ? addresses : null)),
      );
      if (answer !== null) report.reached(`${server} says that example.com is ${answer}`);
    }
  },
  "other kinds of sockets": async (_facts, report) => {
    for (const line of perl(socketFamilies())) report.reached(line);
  },
  "container engines": async (_facts, report) => {
    const folders = ["/run", "/var/run", "/proc/1/root/run"];
    const names = [
      "docker.sock",
      "podman/podman.sock",
      "containerd/containerd.sock",
      "crio/crio.sock",
      "dbus/system_bus_socket",
      "systemd/private",
    ];
    const paths = folders.flatMap((folder) => names.map((name) => `${folder}/${name}`));
    await tryAll(
      paths.map((path) => ({ name: path, path })),
      report,
    );
    for (const port of [2375, 2376])
      await tryAll([{ name: `engine at ${port}`, host: "127.0.0.1", port }], report);
  },
};
