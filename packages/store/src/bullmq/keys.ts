/** Every key of the queue begins with it; BullMQ calls its two parts prefix and queue name. */
export const QUEUE_PREFIX = "orchestrator:queue:";

/** Published on whenever an entry may have become claimable. */
export const AVAILABLE_CHANNEL = `${QUEUE_PREFIX}available`;

/** Tells one filling of the database from the next: an emptied server has none, or another. */
export const EPOCH_KEY = "orchestrator:epoch";

/** BullMQ's id of an entry. A bare task id could be a number, which BullMQ refuses, or the name of one of its keys. */
export const JOB_ID_START = "task-";
