/** A state change that the transition table does not allow. `current` is the state that was found. */
export class IllegalTransitionError extends Error {
  readonly subject: "agent" | "task";
  readonly id: string;
  readonly current: string;
  readonly wanted: string;

  constructor(subject: "agent" | "task", id: string, current: string, wanted: string) {
    super(`${subject} ${id} is ${current}; it cannot become ${wanted}`);
    this.name = "IllegalTransitionError";
    this.subject = subject;
    this.id = id;
    this.current = current;
    this.wanted = wanted;
  }
}
