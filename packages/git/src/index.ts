export { addressRefusal, resolvePublicAddresses, type Lookup } from "./address-policy.ts";
export {
  commandLine,
  GIT_COMMANDS,
  type GitCall,
  type GitCommand,
  type GitVariable,
} from "./command-line.ts";
export { configEnvironment, hardenedConfig, hardenedEnvironment, type ConfigPair } from "./environment.ts";
export { GitError, RemoteRefusedError, reasonOf, type GitErrorKind } from "./errors.ts";
export { createMemory, type Memory } from "./memory.ts";
export type { FoundObject, ObjectInfo } from "./object-answers.ts";
export { openObjects, withObjects, type ObjectReader, type ObjectReaderOptions } from "./object-reader.ts";
export { createRemotes, type RemoteAccess, type Remotes, type RemotesOptions } from "./remotes.ts";
export { createGit, type Git, type GitOptions, type GitResult } from "./run.ts";
export type { HttpsCredential } from "./credential-helper.ts";
export type { SshOptions } from "./ssh-command.ts";
export { gitVersion, MINIMUM_GIT_VERSION, type GitVersion } from "./version.ts";
