/**
 * The venues that an engine can connect to: the built-in ones, and venues of one's own that are registered when the engine is put together.
 *
 * Frames and journals name a source by its wire number. The built-in sources have theirs for good (`domain/market/Venue.ts`); a registered
 * venue gets the next number, in order of registration. A journal is therefore read with the same venues registered in the same order.
 */
import type { FrameDecoderFactory } from "@evenkeel/domain/market/FrameDecoder"
import { sourceIds, venueIds } from "@evenkeel/domain/market/Venue"
import { Context, Effect, Layer, Schema } from "effect"
import { decoderModule } from "./DecoderModules.ts"
import { decoders } from "./Decoders.ts"
import type { Exchange } from "./Exchange.ts"
import { exchanges } from "./Exchanges.ts"

/** A venue: how to connect to it, and how to read what it sends. */
export interface Venue {
  readonly exchange: Exchange
  readonly decoder: FrameDecoderFactory
  /**
   * The module that exports `decoder`, as an absolute URL, and the name of the export. Code cannot be handed to a thread: the hot path's
   * thread imports the decoder itself.
   */
  readonly decoderModule: URL | string
  readonly decoderExport: string
}

/** Sources that an engine can tell apart: signals name sets of them in the bits of one 32-bit number. */
export const sourcesMax = 32

/** A venue cannot be registered. */
export class VenueRefused extends Schema.TaggedError<VenueRefused>()("VenueRefused", {
  venue: Schema.String,
  reason: Schema.Literals(["id-taken", "too-many"])
}) {
  override get message() {
    const why = this.reason === "id-taken" ? "another source has this id" : `an engine tells at most ${sourcesMax} sources apart`
    return `the venue ${this.venue} cannot be registered: ${why}`
  }
}

/** The venues of an engine. */
export interface VenueRegistry {
  /** Built-in venues first, then one's own in order of registration. */
  readonly list: ReadonlyArray<Venue>
  readonly get: (id: string) => Venue | undefined
  /** The number by which frames name a source, chains included; -1 for an id that nobody has. */
  readonly wireNumber: (id: string) => number
  /** Every source by wire number. Chains have no decoder: their readings come as events. */
  readonly sources: ReadonlyArray<{ readonly id: string; readonly decoder: FrameDecoderFactory | undefined }>
  /** The same for a thread, with decoders by the module that exports them. */
  readonly threadSources: ReadonlyArray<{
    readonly id: string
    readonly decoder: { readonly module: string; readonly export: string } | undefined
  }>
}

/** The built-in ones, unless `layerVenues` registers more. */
export const Venues = Context.Reference<VenueRegistry>("@evenkeel/connectors/exchange/Venues", { defaultValue: () => registryOf([]) })

/** The built-in venues and one's own. */
export const layerVenues = (own: ReadonlyArray<Venue>): Layer.Layer<never, VenueRefused> =>
  Layer.effect(Venues, Effect.as(checkPlaces(own), registryOf(own)))

const checkPlaces = Effect.fnUntraced(function* (own: ReadonlyArray<Venue>) {
  const taken = new Set<string>(sourceIds)
  for (const { exchange } of own) {
    if (taken.has(exchange.id)) return yield* new VenueRefused({ venue: exchange.id, reason: "id-taken" })
    if (taken.size === sourcesMax) return yield* new VenueRefused({ venue: exchange.id, reason: "too-many" })
    taken.add(exchange.id)
  }
})

const registryOf = (own: ReadonlyArray<Venue>): VenueRegistry => {
  const list = [...builtIn, ...own]
  const byId = new Map(list.map((venue) => [venue.exchange.id, venue] as const))
  const ids: ReadonlyArray<string> = [...sourceIds, ...own.map(({ exchange }) => exchange.id)]
  return {
    list,
    get: (id) => byId.get(id),
    wireNumber: (id) => ids.indexOf(id),
    sources: ids.map((id) => ({ id, decoder: byId.get(id)?.decoder })),
    threadSources: ids.map((id) => {
      const venue = byId.get(id)
      return { id, decoder: venue === undefined ? undefined : { module: String(venue.decoderModule), export: venue.decoderExport } }
    })
  }
}

const builtIn: ReadonlyArray<Venue> = venueIds.map((id) => {
  const { export: decoderExport, module } = decoderModule(id)
  return { exchange: exchanges[id], decoder: decoders[id], decoderModule: module, decoderExport }
})
