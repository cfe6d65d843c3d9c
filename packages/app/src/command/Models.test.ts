import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { shippedModel } from "@evenkeel/detection/model/ModelFiles"
import { readMetadata } from "@evenkeel/learning/onnx/OnnxMetadata"
import { Effect, FileSystem, Option } from "effect"
import { loadConfig } from "../config/LoadConfig.ts"
import { runModelsExport } from "./Models.ts"

describe("models export", () => {
  it.effect("replaces a file by a whole one, leaves none that is half written, and never replaces the model itself", () =>
    Effect.gen(function* () {
      const files = yield* FileSystem.FileSystem
      const directory = yield* files.makeTempDirectoryScoped()
      const config = yield* loadConfig(Option.none(), {})
      const model = `${directory}/own.json`
      yield* files.copyFile(shippedModel, model)
      yield* files.symlink(model, `${directory}/link.onnx`)
      for (const onnx of [model, `${directory}/../${directory.split("/").at(-1)}/own.json`, `${directory}/link.onnx`]) {
        const refused = yield* Effect.flip(runModelsExport(config, { model, onnx }))
        assert.include(refused.message, "is the model itself", onnx)
      }
      assert.deepStrictEqual(yield* files.readFile(model), yield* files.readFile(shippedModel))

      // Who reads the file that there was goes on reading that.
      const onnx = `${directory}/served.onnx`
      yield* files.writeFileString(onnx, "before")
      const open = yield* files.open(onnx)
      yield* runModelsExport(config, { model, onnx })
      assert.strictEqual(new TextDecoder().decode(Option.getOrThrow(yield* open.readAlloc(100))), "before")
      assert.isDefined(readMetadata(yield* files.readFile(onnx))?.features)

      yield* files.makeDirectory(`${directory}/folder`)
      const refused = yield* Effect.flip(runModelsExport(config, { model, onnx: `${directory}/folder` }))
      assert.include(refused.message, "cannot be written")
      assert.sameMembers(yield* files.readDirectory(directory), ["own.json", "link.onnx", "served.onnx", "folder"])
    }).pipe(Effect.scoped, Effect.provide(NodeServices.layer))
  )
})
