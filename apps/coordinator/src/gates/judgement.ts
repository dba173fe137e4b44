/** What came of a gate's run, beyond its exit code. */
export interface Judgement {
  readonly outcome: "passed" | "failed";
  readonly message: string;
  readonly metrics?: Readonly<Record<string, number>>;
}
