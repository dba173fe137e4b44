import { createHash } from "node:crypto";
import { blocksOf, textOf, type Message } from "./request.ts";
import type { Scenario, Step } from "./scenario.ts";

/** Where a conversation is in a scenario. It follows from the messages alone, so nothing is remembered. */
export interface Position {
  /** Prompts so far, from 0. A prompt is a user message with text and without tool results. */
  readonly prompt: number;
  /** Answers since the newest prompt, from 0. */
  readonly step: number;
  /** The newest prompt's turn in the script, or null beyond its end. */
  readonly turn: number | null;
}

const CLOSING: Step = { say: "There is nothing left to do." };

/** Reads the position from the messages. */
export function positionOf(scenario: Scenario, messages: readonly Message[]): Position {
  const prompts = messages.flatMap((message, index) => (isPrompt(message) ? [index] : []));
  const newest = prompts.at(-1) ?? 0;
  const step = messages.slice(newest).filter((message) => message.role === "assistant").length;
  const prompt = Math.max(0, prompts.length - 1);
  const last = scenario.turns.length - 1;
  const turn = prompt <= last ? prompt : scenario.beyond === "repeat" ? last : null;
  return { prompt, step, turn };
}

/** The step at a position; closing words where the script has none. */
export function stepAt(scenario: Scenario, position: Position): Step {
  const turn = position.turn === null ? undefined : scenario.turns[position.turn];
  return turn?.steps[position.step] ?? CLOSING;
}

/** The text of the first prompt. */
export function firstPrompt(messages: readonly Message[]): string {
  const message = messages.find(isPrompt);
  if (message === undefined) return "";
  return blocksOf(message).map(textOf).join("\n");
}

/** A short deterministic id made of `parts`. */
export function digest(...parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex").slice(0, 24);
}

function isPrompt(message: Message): boolean {
  if (message.role !== "user") return false;
  const blocks = blocksOf(message);
  return (
    blocks.some((block) => block.type === "text") && !blocks.some((block) => block.type === "tool_result")
  );
}
