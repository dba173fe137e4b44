import { type EgressTarget, isModelHost, parseEgressTarget } from "@mosaic/domain";
import { z } from "zod";

const TRUE = new Set(["true", "1", "yes", "on"]);
const FALSE = new Set(["false", "0", "no", "off"]);

/** A whole number between two bounds, both included. */
export const integer = (min: number, max: number) =>
  z.string().regex(/^\d+$/, "must be a whole number").transform(Number).pipe(z.int().min(min).max(max));

/** A number between two bounds, both included. */
export const decimal = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d{1,6}(\.\d{1,3})?$/, "must be a number like 1.5")
    .transform(Number)
    .pipe(z.number().min(min).max(max));

/** An amount of US dollars above zero. Zero is refused: it could be meant as "nothing" or as "no limit". */
export const dollars = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,9})?$/, "must be an amount like 12.50")
  .transform(Number)
  .pipe(z.number().positive("must be more than 0; leave it unset for no limit"));

export const port = integer(0, 65_535);

export const boolean = z.string().transform((text, context) => {
  const word = text.toLowerCase();
  if (TRUE.has(word)) return true;
  if (FALSE.has(word)) return false;
  context.addIssue({ code: "custom", message: "must be true or false" });
  return z.NEVER;
});

/** Items between commas, trimmed; empty ones are dropped. */
export const list = z.string().transform((text) =>
  text
    .split(",")
    .map((item) => item.trim())
    .filter((item) => item !== ""),
);

export const absolutePath = z.string().regex(/^\//, "must be an absolute path");

/** Absolute paths between colons. */
export const pathList = z
  .string()
  .transform((text) => text.split(":").filter((item) => item !== ""))
  .pipe(z.array(absolutePath));

export const httpUrl = z
  .url({ protocol: /^https?$/, error: "must be an http:// or https:// URL" })
  .transform((url) => url.replace(/\/+$/, ""));

export const text = z.string().trim().min(1);

/** An access token as people may choose one. */
export const token = z
  .string()
  .regex(/^[\x21-\x7e]{16,200}$/, "must be 16 to 200 visible characters without spaces");

const GIT_CREDENTIAL = /^([a-z0-9.-]+)=([^:=,\s]+):(\/.+)$/;

/** `host=user:/path/of/token-file`, between commas. */
export const gitCredentials = list.transform((items, context) =>
  items.flatMap((item) => {
    const [, host, username, tokenFile] = GIT_CREDENTIAL.exec(item) ?? [];
    if (host !== undefined && username !== undefined && tokenFile !== undefined)
      return [{ host, username, tokenFile }];
    context.addIssue({ code: "custom", message: `'${item}' must look like host=user:/path/of/token-file` });
    return [];
  }),
);

/** `host:port` between commas; never where models are. */
export const egressTargets = list.transform((items, context) =>
  items.flatMap((item): readonly EgressTarget[] => {
    const target = parseEgressTarget(item);
    if (target !== null && !isModelHost(target.host)) return [target];
    const why =
      target === null
        ? "must look like api.example.com:443, in lower case and without an address"
        : "is where models are: agents reach them by the gateway only";
    context.addIssue({ code: "custom", message: `'${item}' ${why}` });
    return [];
  }),
);
