import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { Effect, FileSystem } from "effect"
import { generateKeyPairSync } from "node:crypto"
import { isSignedBy, loadSigningKey } from "./SigningKey.ts"

const inDirectory = Effect.flatMap(FileSystem.FileSystem, (files) => files.makeTempDirectoryScoped())

describe("the signing key", () => {
  it.effect("is made once, for its owner's eyes only, and signs what its public key verifies", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const file = `${yield* inDirectory}/audit.key`
      const [first, second] = yield* Effect.all([loadSigningKey(file), loadSigningKey(file)], { concurrency: 2 })
      assert.strictEqual(first.publicKey, second.publicKey)
      assert.strictEqual((yield* files.stat(file)).mode & 0o777, 0o600)
      const signature = first.sign("heads")
      assert.isTrue(isSignedBy(second.publicKey, "heads", signature))
      assert.isFalse(isSignedBy(second.publicKey, "tails", signature))
      assert.isFalse(isSignedBy("no key", "heads", signature))
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )

  it.effect("is refused, and not replaced, when others may read it or it is no Ed25519 key", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const file = `${yield* inDirectory}/audit.key`
      yield* loadSigningKey(file)
      yield* files.chmod(file, 0o640)
      assert.include((yield* Effect.flip(loadSigningKey(file))).message, "its mode must be 600")
      yield* files.chmod(file, 0o600)
      const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" })
      for (const text of ["", privateKey.export({ type: "pkcs8", format: "pem" }).toString()]) {
        yield* files.writeFileString(file, text)
        assert.include((yield* Effect.flip(loadSigningKey(file))).message, "is no Ed25519 key")
        assert.strictEqual(yield* files.readFileString(file), text)
      }
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
