import { isDeepStrictEqual } from "node:util";
import type { Container, ContainerRequest, MountPoint } from "./engine-answers.ts";

/** What of the request the container must have to the letter. The rest of it can do no harm. */
const SETTINGS = ["User", "Entrypoint", "WorkingDir", "NetworkDisabled", "Tty"] as const;

/** Ways out of a container: nobody asked for them, so they must be empty. */
const UNASKED = [
  "Binds",
  "CapAdd",
  "CgroupParent",
  "DeviceCgroupRules",
  "DeviceRequests",
  "Devices",
  "GroupAdd",
  "Links",
  "OomKillDisable",
  "PidMode",
  "PublishAllPorts",
  "Sysctls",
  "UTSMode",
  "UsernsMode",
  "VolumesFrom",
];

/**
 * What a container is not as it was asked for: an engine leaves out what it or its kernel cannot do, and says so in a
 * warning at most. Empty when it is exactly so.
 */
export function differences(asked: ContainerRequest, found: Container): string[] {
  const settings = SETTINGS.filter((name) => !isDeepStrictEqual(found.Config[name], asked[name]));
  const { Mounts: _mounts, ...limits } = asked.HostConfig;
  const limited = Object.keys(limits).filter(
    (name) => !isDeepStrictEqual(found.HostConfig[name], limits[name]),
  );
  const unasked = UNASKED.filter((name) => !isEmpty(found.HostConfig[name]));
  return [
    ...settings.map((name) => tell(name, asked[name], found.Config[name])),
    ...limited.map((name) => tell(name, limits[name], found.HostConfig[name])),
    ...unasked.map((name) => tell(name, "nothing", found.HostConfig[name])),
    ...(found.Image === asked.Image ? [] : [tell("Image", asked.Image, found.Image)]),
    ...differentLabels(asked.Labels, found.Config["Labels"]),
    ...differentMounts(asked, found.Mounts),
  ];
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === "") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** An image may bring more. By ours a container is found when its maker is gone. */
function differentLabels(asked: Readonly<Record<string, string>>, found: unknown): string[] {
  const labels = (found ?? {}) as Readonly<Record<string, string>>;
  return Object.entries(asked)
    .filter(([name, value]) => labels[name] !== value)
    .map(([name, value]) => tell(`label ${name}`, value, labels[name]));
}

function differentMounts(asked: ContainerRequest, found: readonly MountPoint[]): string[] {
  const wanted = (asked.HostConfig["Mounts"] as { Source: string; Target: string; ReadOnly: boolean }[])
    .map(({ Source, Target, ReadOnly }) => `bind ${Source} at ${Target}, ${access(!ReadOnly)}`)
    .sort();
  const got = found
    .map((mount) => `${mount.Type} ${mount.Source} at ${mount.Destination}, ${access(mount.RW)}`)
    .sort();
  return isDeepStrictEqual(wanted, got) ? [] : [tell("Mounts", wanted, got)];
}

const access = (writable: boolean): string => (writable ? "writable" : "read-only");

/** A difference in words. */
export function tell(name: string, asked: unknown, found: unknown): string {
  return `${name} is ${short(found)} instead of ${short(asked)}`;
}

function short(value: unknown): string {
  const written = typeof value === "string" ? value : (JSON.stringify(value) ?? "missing");
  return written.length > 300 ? `${written.slice(0, 300)} …` : written;
}
