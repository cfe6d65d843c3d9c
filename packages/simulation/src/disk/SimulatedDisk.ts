/** A disk on which every machine has the same signing key, and room; it keeps nothing else. */
import { reserveBytes } from "@evenkeel/store/retention/DiskSpace"
import { ByteSize, Effect, FileSystem, Option } from "effect"
import { generateKeyPairSync } from "node:crypto"

const key = generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }).toString()
const unknown = Option.none()

const ownFile: FileSystem.File.Info = {
  type: "File",
  mtime: unknown,
  atime: unknown,
  birthtime: unknown,
  dev: 0n,
  ino: unknown,
  mode: 0o600,
  nlink: unknown,
  uid: unknown,
  gid: unknown,
  rdev: unknown,
  size: ByteSize.bytes(key.length),
  blksize: unknown,
  blocks: unknown
}

export const layerSimulatedDisk = FileSystem.layerNoop({
  makeDirectory: () => Effect.void,
  readDirectory: () => Effect.succeed([]),
  exists: () => Effect.succeed(true),
  readFileString: () => Effect.succeed(key),
  stat: (path) => Effect.succeed(path.endsWith("reserve") ? { ...ownFile, size: ByteSize.bytes(reserveBytes) } : ownFile)
})
