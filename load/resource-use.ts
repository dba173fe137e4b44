import { childrenIn, PAGE_BYTES, type ProcessRow, TICKS_PER_SECOND, treeOf } from "./process-table.ts";

/** What the parts of an installation used while they were watched. Seconds of processor time, and bytes at the most. */
export interface ResourceUse {
  /** The orchestrators' own processes. */
  readonly orchestratorSeconds: number;
  /** What the busiest of them used. */
  readonly busiestSeconds: number;
  /** What runs in the agents' sandboxes. */
  readonly agentSeconds: number;
  /** Other children of the orchestrators: git, gates, snapshots. */
  readonly otherSeconds: number;
  readonly serverSeconds: number;
  readonly orchestratorBytes: number;
  /** The largest of them. */
  readonly largestBytes: number;
  readonly agentBytes: number;
  /** Everything at one moment, servers included. Pages that processes share are counted in each. */
  readonly totalBytes: number;
  readonly mostAgents: number;
}

export interface Watched {
  readonly orchestrators: readonly number[];
  readonly servers: readonly number[];
  /** Whether a process is an agent's sandbox. One inside of another is a part of it. */
  readonly isAgent: (row: ProcessRow) => boolean;
}

export interface ResourceWatch {
  /** Takes note of the table as it is now. */
  look(rows: readonly ProcessRow[]): void;
  /** What was used from the first look to the last. */
  use(): ResourceUse;
}

type Table = ReadonlyMap<number, readonly ProcessRow[]>;

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0);
const bytesOf = (rows: readonly ProcessRow[]): number =>
  sum(rows.map(({ residentPages }) => residentPages * PAGE_BYTES));
const ticksOf = (rows: readonly ProcessRow[]): number =>
  sum(rows.map(({ ownTicks, childTicks }) => ownTicks + childTicks));

/** Ticks that only grow, of several processes: what they were at first, and at last. */
function createCounter() {
  const first = new Map<string, number>();
  const last = new Map<string, number>();
  return {
    note(key: string, ticks: number, from = ticks): void {
      if (!first.has(key)) first.set(key, from);
      last.set(key, Math.max(ticks, last.get(key) ?? 0));
    },
    grown: (): number[] => [...last].map(([key, ticks]) => ticks - (first.get(key) ?? 0)),
  };
}

/** The children of one orchestrator: agents by themselves, and all others together. */
function createChildren(isAgent: Watched["isAgent"]) {
  const agents = createCounter();
  let alive = new Map<string, number>();
  let before: number | null = null;
  let others = 0;

  function sandboxesUnder(row: ProcessRow, table: Table): readonly (readonly ProcessRow[])[] {
    if (isAgent(row)) return [treeOf(row, table)];
    return (table.get(row.pid) ?? []).flatMap((child) => sandboxesUnder(child, table));
  }

  return {
    agents,
    others: () => others,
    /** Gives the rows of the agents. */
    look(root: ProcessRow, table: Table): readonly (readonly ProcessRow[])[] {
      const sandboxes = sandboxesUnder(root, table);
      const now = new Map(sandboxes.map((tree) => [`${tree[0]?.pid} ${tree[0]?.startedAt}`, ticksOf(tree)]));
      for (const [key, ticks] of now) agents.note(key, ticks, 0);
      const all = root.childTicks + ticksOf(treeOf(root, table).slice(1)) - sum(now.values());
      const ended = sum([...alive].map(([key, ticks]) => (now.has(key) ? 0 : ticks)));
      const grown = Math.max(0, all - (before ?? all));
      // A parent is told the time of children that end by themselves, and not that of a namespace that is killed.
      others += ended > 0 && grown >= ended / 2 ? Math.max(0, grown - ended) : grown;
      before = Math.max(all, before ?? 0);
      alive = now;
      return sandboxes;
    },
  };
}

/**
 * Adds up looks at the process table. What came and went between two looks is in its parent's count of children, once that
 * has waited for it.
 */
export function createResourceWatch({ orchestrators, servers, isAgent }: Watched): ResourceWatch {
  const own = createCounter();
  const serving = createCounter();
  const children = new Map(orchestrators.map((pid) => [pid, createChildren(isAgent)]));
  const most = { orchestrator: 0, largest: 0, agent: 0, total: 0, agents: 0 };
  const peak = (key: keyof typeof most, value: number): void => {
    most[key] = Math.max(most[key], value);
  };
  const seconds = (ticks: readonly number[]): number => sum(ticks) / TICKS_PER_SECOND;

  return {
    look(rows) {
      const table = childrenIn(rows);
      const roots = rows.filter(({ pid }) => orchestrators.includes(pid));
      const servings = rows.filter(({ pid }) => servers.includes(pid)).map((root) => treeOf(root, table));
      for (const { pid, ownTicks } of roots) own.note(String(pid), ownTicks);
      for (const tree of servings) serving.note(String(tree[0]?.pid), ticksOf(tree));
      const sandboxes = roots.flatMap((root) => children.get(root.pid)?.look(root, table) ?? []);
      peak("orchestrator", bytesOf(roots));
      for (const root of roots) peak("largest", bytesOf([root]));
      peak("agent", bytesOf(sandboxes.flat()));
      peak("total", bytesOf([...roots.map((root) => treeOf(root, table)), ...servings].flat()));
      peak("agents", sandboxes.length);
    },
    use() {
      const parts = [...children.values()];
      return {
        orchestratorSeconds: seconds(own.grown()),
        busiestSeconds: Math.max(0, ...own.grown()) / TICKS_PER_SECOND,
        agentSeconds: seconds(parts.flatMap(({ agents }) => agents.grown())),
        otherSeconds: seconds(parts.map(({ others }) => others())),
        serverSeconds: seconds(serving.grown()),
        orchestratorBytes: most.orchestrator,
        largestBytes: most.largest,
        agentBytes: most.agent,
        totalBytes: most.total,
        mostAgents: most.agents,
      };
    },
  };
}
