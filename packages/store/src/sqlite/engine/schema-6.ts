/** Which runtime runs a task's agents. Before there was a choice, it was the worker on the SDK. */
export const SCHEMA_6 = `
ALTER TABLE tasks ADD COLUMN runtime TEXT NOT NULL DEFAULT 'sdk-worker';
`;
