/**
 * Names in Valkey. `orchestrator:task:{id}`, `orchestrator:agent:{id}` and the channel `orchestrator:events` are public:
 * other programs may read them. The rest is ours.
 */
export const KEYS = {
  /** Tells one filling of the database from the next: an emptied server has none, or another. */
  epoch: "orchestrator:epoch",
  /** What an import says of itself until the last of it is there: nothing may begin on what is not whole. */
  importing: "orchestrator:importing",
  /** + task id: its record, JSON. */
  task: "orchestrator:task:",
  /** + agent id: its record, JSON. */
  agent: "orchestrator:agent:",
  /** + state: sorted set of its tasks, oldest first. */
  tasks: "orchestrator:tasks:",
  /** Sorted set of all agents, oldest first. Those below are parts of it. */
  agents: "orchestrator:agents",
  agentIds: "orchestrator:agents:ids",
  agentsByState: "orchestrator:agents:state:",
  agentsByTask: "orchestrator:agents:task:",
  agentsByType: "orchestrator:agents:type:",
  agentsByRepository: "orchestrator:agents:repository:",
  /** Stream of the events themselves; ids `<event id>-0`. */
  events: "orchestrator:events:stream",
  /** Id of the newest event, also when it has been pruned. */
  newestEvent: "orchestrator:events:newest",
  /** Stream of where the events are that are not `transcript.*`. */
  lifecycle: "orchestrator:events:lifecycle",
  /** + subject: list of where its events are that are not `transcript.*`. */
  lifecycleOf: "orchestrator:events:lifecycle:",
  /** + subject: list of where its `transcript.*` events are. */
  transcriptOf: "orchestrator:events:transcript:",
  /** + task id: hash of the queue's; its `token` is what a fenced write is checked against. */
  lease: "orchestrator:queue:lease:",
  /** Set of instance ids. */
  instances: "orchestrator:instances",
  /** + instance id: hash. */
  instance: "orchestrator:instance:",
  /** + order id: the order, JSON, for as long as it is kept. */
  order: "orchestrator:order:",
  /** + instance id: list of the orders that wait for it. */
  orders: "orchestrator:orders:",
  /** + order id: hash of answers by instance. */
  answers: "orchestrator:answers:",
  /** A short stream that says that an order was given or answered. */
  orderWakes: "orchestrator:orders-wake",
  probe: "orchestrator:probe",
} as const;

/** Every event is published here as JSON, in the step that writes it. */
export const EVENT_CHANNEL = "orchestrator:events";
