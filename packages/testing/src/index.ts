export { createFakeClock, type FakeClock } from "./clock.ts";
export { useEngine, type OpenedEngine, type OpenEngine } from "./engine.ts";
export { fencingConformance } from "./fencing.ts";
export { drainQueue, fillInstallation, INSTALLATION_SALT } from "./installation.ts";
export { instancesConformance } from "./instances/conformance.ts";
export { allowedSecretsConformance } from "./ledgers/allowed-secrets.ts";
export { auditLogConformance } from "./ledgers/audit.ts";
export { installationFactsConformance } from "./ledgers/facts.ts";
export { tokenStoreConformance } from "./ledgers/tokens.ts";
export { usageLedgerConformance } from "./ledgers/usage.ts";
export { reservation, spend, stand, usageEntry } from "./ledgers/usage-records.ts";
export { ordersConformance } from "./orders/conformance.ts";
export { taskQueueConformance } from "./queue/conformance.ts";
export { mountOrSkip, run, type Mounted } from "./mounts.ts";
export { errorOf, race, type Race } from "./race.ts";
export {
  admission,
  COMMIT,
  move,
  nextAgentId,
  notice,
  stateEvent,
  successorOf,
  type AdmissionChoices,
  type MoveChoices,
  type Subject,
} from "./records.ts";
export { type Random, seededRandom } from "./random.ts";
export { collectEvents } from "./state/collect.ts";
export { recoveryConformance, type StateAndQueue } from "./recovery.ts";
export { startLockHolder, type LockHolder } from "./sqlite/lock-holder.ts";
export { sqliteEngine } from "./sqlite/sqlite-engine.ts";
export { expectIntact, expectKept, startStorm, type Storm } from "./sqlite/write-storm.ts";
export { stateStoreConformance } from "./state/conformance.ts";
export { temporaryFolder, type TemporaryFolder } from "./temporary-folder.ts";
export { sandboxAttacks } from "./sandbox-attacks.ts";
export { createHostTarget, type HostTarget } from "./sandbox/attacks/host-target.ts";
export {
  ATTACK_PROGRAM_LIST,
  ATTACK_PROGRAMS,
  reachedIn,
  type AttackFacts,
  type AttackKind,
  type AttackProgram,
} from "./sandbox/attacks/programs.ts";
export { membersOf, pidNamespacesOf, usersOf, type HeldNamespaces } from "./sandbox/attacks/users-of.ts";
export { sandboxConformance } from "./sandbox-conformance.ts";
export { useTrial, type Trial } from "./sandbox/trial.ts";
export { ESCAPEE_COUNT, ESCAPEES } from "./sandbox/escapees.ts";
export {
  createGitFixture,
  writeFixtureFiles,
  type FixtureFile,
  type FixtureFiles,
  type GitFixture,
} from "./git-fixtures.ts";
export { startGitHttpsServer, type GitHttpsServer, type GitHttpsServerOptions } from "./git-https-server.ts";
export { usePostgres, type PostgresInUse } from "./postgres/use-postgres.ts";
export { processesMentioning } from "./processes.ts";
export { startCutProxy, type CutProxy } from "./servers/cut-proxy.ts";
export {
  createDatabaseBeside,
  startPostgres,
  type PostgresInTest,
  type PostgresOptions,
} from "./servers/postgres.ts";
export { freePort, type ServerProcess } from "./servers/server-process.ts";
export { useServers, type ServersInUse } from "./servers/use-servers.ts";
export { useValkey, type ValkeyInUse } from "./servers/use-valkey.ts";
export { startValkey, type ValkeyInTest, type ValkeyOptions } from "./servers/valkey.ts";
export { startAlteringProxy, type AlteringProxy, type CreateBody } from "./docker/altering-proxy.ts";
export { withDockerEngine, withEngines, withPodmanEngine } from "./docker/with-engine.ts";
export { startDockerEngine, whyNoDockerEngine, type EngineInTest } from "./docker/engine.ts";
export { startPodmanEngine, whyNoPodmanEngine } from "./podman/engine.ts";
