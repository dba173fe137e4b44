import { EVENT_DATA, type EventData, type EventType } from "@mosaic/contracts";
import { cleanDeep, cleanLine, toJsonLine } from "../terminal/clean.ts";
import type { Paint } from "../terminal/paint.ts";
import { fit, pad, wrap } from "../terminal/width.ts";
import type { Entry, Tellers } from "./event-entry.ts";
import { environmentTellers } from "./tell-environment.ts";
import { lifecycleTellers } from "./tell-lifecycle.ts";
import { transcriptTellers } from "./tell-transcript.ts";
import { workTellers } from "./tell-work.ts";
import { clockTime } from "./units.ts";

/** An event as it comes from the API; its data is not trusted. */
export interface EventToRender {
  readonly type: string;
  readonly time: string;
  readonly data: unknown;
}

export interface LineStyle {
  readonly paint: Paint;
  /** Cells of the terminal; null is no terminal: lines are as long as they are. */
  readonly width: number | null;
  /** Time of an RFC 3339 instant; default: the local wall clock. */
  readonly time?: (iso: string) => string;
}

/** Gives the lines of one event, newest text last. Keeps the names of tool calls, so use one for each agent. */
export type EventRenderer = (event: EventToRender) => readonly string[];

const TELLERS: Tellers = {
  ...lifecycleTellers,
  ...workTellers,
  ...environmentTellers,
  ...transcriptTellers,
};
const LABEL = 10;
/** Longest line of what is cut to one line when there is no terminal to fit. */
const PIPE_LINE = 200;

/**
 * Turns events into lines for people: time, label, text; details below, indented. Whatever an event carries, no
 * terminal sequence or control character comes out but the colours of `style.paint`.
 */
export function createEventRenderer(style: LineStyle): EventRenderer {
  const tools = new Map<string, string>();
  return (event) => {
    const entry = tell(event, tools);
    remember(event, tools);
    return draw(entry, event.time, style);
  };
}

function tell(event: EventToRender, tools: ReadonlyMap<string, string>): Entry {
  if (!isKnown(event.type)) return unknown(event);
  const parsed = EVENT_DATA[event.type].safeParse(event.data);
  if (!parsed.success) return unknown(event);
  return tellKnown(event.type, cleanDeep(parsed.data) as EventData<typeof event.type>, tools);
}

function tellKnown<T extends EventType>(
  type: T,
  data: EventData<T>,
  tools: ReadonlyMap<string, string>,
): Entry {
  return TELLERS[type](data, tools);
}

const isKnown = (type: string): type is EventType => Object.hasOwn(EVENT_DATA, type);

/** From a newer server, or not what the contract says: shown as it is rather than left out. */
function unknown(event: EventToRender): Entry {
  return {
    label: "event",
    tone: "dim",
    text: cleanLine(`${event.type} ${toJsonLine(event.data ?? null)}`),
    oneLine: true,
  };
}

function remember(event: EventToRender, tools: Map<string, string>): void {
  if (event.type === "transcript.tool_call") {
    const call = EVENT_DATA["transcript.tool_call"].safeParse(event.data);
    if (call.success) tools.set(call.data.callId, cleanLine(call.data.name));
  }
  if (event.type === "transcript.tool_result") {
    const result = EVENT_DATA["transcript.tool_result"].safeParse(event.data);
    if (result.success) tools.delete(result.data.callId);
  }
}

function draw(entry: Entry, time: string, style: LineStyle): string[] {
  const stamp = (style.time ?? clockTime)(time);
  const label = pad(entry.label, LABEL);
  const prefix = `${style.paint("dim", stamp)} ${entry.label === "" ? label : style.paint(entry.tone, label)} `;
  const indent = stamp.length + LABEL + 2;
  const room = style.width === null ? null : Math.max(20, style.width - indent);
  const lines =
    entry.oneLine === true ? [fit(cleanLine(entry.text), room ?? PIPE_LINE)] : flow(entry.text, room);
  const details = (entry.details ?? []).flatMap((line) => flow(line, room === null ? null : room - 2));
  const painted = lines.map((line) => style.paint(toneOfText(entry), line));
  return [
    `${prefix}${painted[0] ?? ""}`.trimEnd(),
    ...painted.slice(1).map((line) => `${" ".repeat(indent)}${line}`.trimEnd()),
    ...details.map((line) => `${" ".repeat(indent)}  ${style.paint("dim", line)}`.trimEnd()),
  ];
}

const flow = (text: string, room: number | null): string[] =>
  room === null ? text.split("\n") : wrap(text, room);

/** The label carries the colour; text is coloured too where it must not be missed, and dimmed where it may. */
function toneOfText(entry: Entry): Entry["tone"] {
  return entry.tone === "bad" || entry.tone === "warn" || entry.tone === "dim" ? entry.tone : "plain";
}
