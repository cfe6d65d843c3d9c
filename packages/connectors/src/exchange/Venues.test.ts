import { assert, describe, it } from "@effect/vitest"
import { chainIds, sourceIds, venueIds } from "@evenkeel/domain/market/Venue"
import { Effect } from "effect"
import { decoders } from "./Decoders.ts"
import { exchanges } from "./Exchanges.ts"
import { layerVenues, sourcesMax, type Venue, Venues } from "./Venues.ts"

const own = (id: string): Venue => ({
  exchange: { ...exchanges.okx, id },
  decoder: decoders.okx,
  decoderModule: new URL("file:///own/Decoder.ts"),
  decoderExport: "makeOwnDecoder"
})

describe("Venues", () => {
  it.effect("has every built-in source at its wire number, and no decoder for chains", () =>
    Effect.gen(function* () {
      const venues = yield* Venues
      assert.deepStrictEqual(
        venues.sources.map(({ id }) => id),
        [...sourceIds]
      )
      for (const id of venueIds) assert.strictEqual(venues.sources[venues.wireNumber(id)]!.decoder, decoders[id])
      for (const id of chainIds) assert.isUndefined(venues.sources[venues.wireNumber(id)]!.decoder)
    })
  )

  it.effect("names a module from which a thread can import each built-in decoder", () =>
    Effect.gen(function* () {
      const venues = yield* Venues
      for (const { decoder, id } of venues.threadSources) {
        if (decoder === undefined) continue
        const module = yield* Effect.promise(() => import(decoder.module))
        assert.strictEqual(module[decoder.export], venues.get(id)?.decoder, id)
      }
    })
  )

  it.effect("numbers venues of one's own behind the built-in sources, in order of registration", () =>
    Effect.gen(function* () {
      const venues = yield* Venues
      assert.strictEqual(venues.wireNumber("first"), sourceIds.length)
      assert.strictEqual(venues.wireNumber("second"), sourceIds.length + 1)
      assert.strictEqual(venues.wireNumber("binance"), 0)
      assert.strictEqual(venues.wireNumber("nowhere"), -1)
      assert.strictEqual(venues.get("second")?.exchange.id, "second")
      assert.deepStrictEqual(venues.threadSources.at(-1), {
        id: "second",
        decoder: { module: "file:///own/Decoder.ts", export: "makeOwnDecoder" }
      })
    }).pipe(Effect.provide(layerVenues([own("first"), own("second")])))
  )

  it.effect("refuses an id that another source has, whether built-in or one's own", () =>
    Effect.gen(function* () {
      for (const venues of [[own("kraken")], [own("ethereum")], [own("mine"), own("mine")]]) {
        const error = yield* Effect.flip(Effect.provide(Venues, layerVenues(venues)))
        assert.strictEqual(error.reason, "id-taken")
        assert.include(error.message, venues[0]!.exchange.id)
      }
    })
  )

  it.effect("takes as many sources as there are bits to name them by, and refuses one more", () =>
    Effect.gen(function* () {
      const full = Array.from({ length: sourcesMax - sourceIds.length }, (_, index) => own(`own${index}`))
      const venues = yield* Effect.provide(Venues, layerVenues(full))
      assert.strictEqual(venues.sources.length, sourcesMax)
      const error = yield* Effect.flip(Effect.provide(Venues, layerVenues([...full, own("last")])))
      assert.deepInclude(error, { venue: "last", reason: "too-many" })
    })
  )
})
