/**
 * The engine's Ed25519 key, with which it signs what it exports for auditors.
 *
 * The private key stays in a file that only the engine's user may read, and is made when there is none. A file that others may read, or that holds
 * something else, is refused rather than replaced: signatures that were made before would no longer be the engine's.
 */
import { Effect, FileSystem, Option, type PlatformError, Result, Schema } from "effect"
import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from "node:crypto"
import { dirname } from "node:path"

export interface SigningKey {
  /** PEM. */
  readonly publicKey: string
  /** Base64 of the signature over `text`. */
  readonly sign: (text: string) => string
}

export class SigningKeyRefused extends Schema.TaggedError<SigningKeyRefused>()("SigningKeyRefused", {
  file: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `the signing key ${this.file} ${this.problem}`
  }
}

const ownerOnly = 0o600
const othersMask = 0o077

/** A whole key appears under its name, or none: of two engines that start at once, both use the key of the first. */
const makeKey = Effect.fnUntraced(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const whole = `${yield* files.makeTempDirectoryScoped({ directory: dirname(file) })}/key`
  yield* files.writeFileString(whole, privatePem(generateKeyPairSync("ed25519").privateKey), { mode: ownerOnly })
  yield* files.link(whole, file).pipe(
    Effect.catchIf(
      (error) => error.reason._tag === "AlreadyExists",
      () => Effect.void
    )
  )
}, Effect.scoped)

/** Reads the key in `file`, or makes one there. */
export const loadSigningKey = Effect.fn("loadSigningKey")(function* (file: string) {
  const files = yield* FileSystem.FileSystem
  const refused = (problem: string) => new SigningKeyRefused({ file, problem })
  const unusable = (error: PlatformError.PlatformError) => refused(`cannot be used: ${error.message}`)
  if (!(yield* files.exists(file).pipe(Effect.mapError(unusable)))) yield* makeKey(file).pipe(Effect.mapError(unusable))
  const { mode } = yield* files.stat(file).pipe(Effect.mapError(unusable))
  if ((mode & othersMask) !== 0) return yield* refused("may be read by other users: its mode must be 600")
  const text = yield* files.readFileString(file).pipe(Effect.mapError(unusable))
  const key = Result.getSuccess(Result.try(() => createPrivateKey(text)))
  if (Option.isNone(key) || key.value.asymmetricKeyType !== "ed25519") return yield* refused("is no Ed25519 key")
  const signed = (message: string) => sign(null, Buffer.from(message), key.value).toString("base64")
  return { publicKey: publicPem(key.value), sign: signed } satisfies SigningKey
})

/** Whether the holder of the private key of `publicKey` signed `text`. False for what is no key or no signature, too. */
export const isSignedBy = (publicKey: string, text: string, signature: string): boolean =>
  Result.getOrElse(
    Result.try(() => verify(null, Buffer.from(text), createPublicKey(publicKey), Buffer.from(signature, "base64"))),
    () => false
  )

const privatePem = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString()
const publicPem = (key: KeyObject): string => createPublicKey(key).export({ type: "spki", format: "pem" }).toString()
