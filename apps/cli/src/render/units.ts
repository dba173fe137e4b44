const group = (n: number): string => n.toLocaleString("en-US");

/** `950 ms`, `2.4 s`, `3 m 05 s`, `2 h 10 m`, `3 d 04 h`. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return pair(Math.floor(whole / 60), "m", whole % 60, "s");
  const minutes = Math.floor(whole / 60);
  if (minutes < 1440) return pair(Math.floor(minutes / 60), "h", minutes % 60, "m");
  const hours = Math.floor(minutes / 60);
  return pair(Math.floor(hours / 24), "d", hours % 24, "h");
}

function pair(large: number, largeUnit: string, small: number, smallUnit: string): string {
  return `${large} ${largeUnit} ${String(small).padStart(2, "0")} ${smallUnit}`;
}

/** Time from `since` (RFC 3339) to `nowMs`, in its largest unit: `12s`, `5m`, `3h`, `2d`. */
export function age(since: string, nowMs: number): string {
  const seconds = Math.max(0, Math.floor((nowMs - Date.parse(since)) / 1000));
  if (seconds < 60) return `${seconds}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h`;
  return `${Math.floor(seconds / 86_400)}d`;
}

/** Bytes in decimal units: `812 B`, `1.2 kB`, `3.4 MB`. */
export function bytes(size: number): string {
  if (size < 1000) return `${size} B`;
  if (size < 999_950) return `${(size / 1000).toFixed(1)} kB`;
  if (size < 999_950_000) return `${(size / 1_000_000).toFixed(1)} MB`;
  return `${(size / 1_000_000_000).toFixed(1)} GB`;
}

/** US dollars; small amounts keep enough digits to be told from nothing. */
export function dollars(usd: number): string {
  if (usd === 0) return "$0.00";
  if (usd < 0.0001) return "< $0.0001";
  return `$${usd.toFixed(usd < 1 ? 4 : 2)}`;
}

/** `1 file`, `3 files`. */
export function count(n: number, noun: string): string {
  return `${group(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** `12,345` */
export function number(n: number): string {
  return group(n);
}

/** A commit or agent id, as much of it as people need. */
export function short(id: string): string {
  return id.slice(0, 8);
}

/** Local wall-clock time of an RFC 3339 instant: `14:03:09`. */
export function clockTime(iso: string): string {
  const date = new Date(iso);
  const part = (n: number): string => String(n).padStart(2, "0");
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}`;
}

/** Local date and time: `2026-11-20 14:03:09`. */
export function dateTime(iso: string): string {
  const date = new Date(iso);
  const part = (n: number): string => String(n).padStart(2, "0");
  return `${date.getFullYear()}-${part(date.getMonth() + 1)}-${part(date.getDate())} ${clockTime(iso)}`;
}
