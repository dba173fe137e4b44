import { GateName } from "@mosaic/contracts";
import { InvalidArgumentError } from "commander";

/** A commander parser for a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

/** A commander parser for a date, `YYYY-MM-DD`. */
export function date(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError("It must be a date like 2026-11-20.");
}

/** A commander parser for an amount of US dollars above zero. */
export function amount(text: string): number {
  const value = /^\d{1,9}(\.\d{1,9})?$/.test(text) ? Number(text) : Number.NaN;
  if (value > 0) return value;
  throw new InvalidArgumentError("It must be an amount of US dollars like 2.50.");
}

/** A commander parser for an option that may be given several times. */
export function collect(text: string, former: readonly string[] | undefined): readonly string[] {
  return [...(former ?? []), text];
}

/** A commander parser for gates between commas. */
export function gateList(text: string): GateName[] {
  const names = text
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  const gates = GateName.array().min(1).safeParse(names);
  if (gates.success) return gates.data;
  throw new InvalidArgumentError(`It must be one or more of ${GateName.options.join(", ")}, between commas.`);
}

type GateName = (typeof GateName.options)[number];
