/** One word for a POSIX shell. Only for the two settings that git itself hands to a shell. */
export function shellQuote(word: string): string {
  return `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
