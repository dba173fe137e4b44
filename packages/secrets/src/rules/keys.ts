import { type Candidate, extendOver, type Rule, type Span, secretOf, wholeToken } from "../rule.ts";

const MAX_PEM_CHARACTERS = 20_000;
const MARKER = "-----";
const END_MARKER = "-----END ";

const keyLines = extendOver(/[A-Za-z0-9+/=\s]|\\[nr]/);

/**
 * From the header to the end marker, or as far as there are key lines. A header without a key after it is somebody
 * writing about keys.
 */
function wholePem({ text, start, end }: Candidate): Span | null {
  const next = text.indexOf(MARKER, end);
  const bodyEnd = Math.min(next === -1 ? text.length : next, end + MAX_PEM_CHARACTERS);
  const material = text.slice(end, bodyEnd).replaceAll(/\\[nr]|[^A-Za-z0-9+/=]/g, "");
  if (material.length < 64) return null;
  if (bodyEnd !== next || !text.startsWith(END_MARKER, next)) return keyLines({ text, start, end });
  const close = text.indexOf(MARKER, next + END_MARKER.length);
  const isNear = close !== -1 && close - next < 100;
  return { start, end: isNear ? close + MARKER.length : next };
}

/** The one token every tutorial shows. */
const TUTORIAL_SIGNATURE = "SflKxwRJSMeKKF2QT4fwpMeJf36POk6yJV_adQssw5c";
const REST_OF_JWT = /[A-Za-z0-9_-]*\.[A-Za-z0-9_-]{20,}/y;

/** Header and payload of a JWT start with `{"`; a token has a signature, too. */
function signedJwt({ text, start, end }: Candidate): Span | null {
  REST_OF_JWT.lastIndex = end;
  if (!REST_OF_JWT.test(text)) return null;
  const span = { start, end: REST_OF_JWT.lastIndex };
  return secretOf({ text, ...span }).endsWith(TUTORIAL_SIGNATURE) ? null : span;
}

/** Keys and tokens that belong to no vendor, and our own. */
export const KEY_RULES: readonly Rule[] = [
  {
    id: "private-key",
    description: "Private key in PEM or OpenPGP armour",
    keywords: ["private key"],
    pattern: "(-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----)",
    refine: wholePem,
  },
  {
    id: "putty-key",
    description: "PuTTY private key",
    keywords: ["putty-user-key-file"],
    pattern: "(PuTTY-User-Key-File-[23]: [a-z0-9-]{4,30})",
  },
  {
    id: "age-key",
    description: "age secret key",
    keywords: ["age-secret-key-"],
    pattern: "(AGE-SECRET-KEY-1[A-Z0-9]{58})",
  },
  {
    id: "jwt",
    description: "JSON web token",
    keywords: ["eyj"],
    pattern: "(eyJ[A-Za-z0-9_-]{8,400}\\.eyJ[A-Za-z0-9_-]{8})",
    refine: signedJwt,
  },
  {
    id: "mosaic-token",
    description: "Access token of a Mosaic instance",
    keywords: ["mosaic_"],
    pattern: "(mosaic_[A-Za-z0-9_-]{43})",
    refine: (candidate) => (/[0-9A-Z]/.test(secretOf(candidate)) ? wholeToken(candidate) : null),
  },
];
