/**
 * What a chain is to the engine: blocks in order, and what is watched read at one of them. The one watcher (`ChainWatcher.ts`) follows
 * them all; each chain's folder says how it is asked.
 */
import type { ChainId } from "@evenkeel/domain/market/Venue"
import { Effect, Schema, type Scope } from "effect"
import type { ChainSource } from "./ChainSource.ts"

/** A block, and the one that it says it stands on. */
export interface BlockRef {
  readonly number: number
  readonly hash: string
  readonly parentHash: string
  /** Unix ms. */
  readonly time: number
}

/** A price, and what could be traded at it. */
export interface PoolReading {
  readonly _tag: "Pool"
  /** Base in quote, fee not taken. */
  readonly price: number
  /** How far the pool leans towards the base: above 0 people are leaving it. NaN where a pool has no such measure. */
  readonly imbalance: number
  /** Base that can be sold, and bought, within 1% of the price. */
  readonly sellDepth: number
  readonly buyDepth: number
  /** The pool's own average over some minutes; NaN where it keeps none. */
  readonly averagePrice: number
}

export interface SupplyReading {
  readonly _tag: "Supply"
  /** In whole tokens. */
  readonly supply: number
  /** Since the reading before. NaN where the chain's API does not tell. */
  readonly minted: number
  readonly burned: number
}

export interface FeedReading {
  readonly _tag: "Feed"
  readonly price: number
  /** When the oracle last wrote, Unix ms. */
  readonly updatedAt: number
}

export interface GasReading {
  readonly _tag: "Gas"
  /** Gwei on EVM chains, sun on Tron, micro-lamports on Solana. */
  readonly price: number
}

export type Reading = PoolReading | SupplyReading | FeedReading | GasReading

/** No endpoint of the chain answered, or what came back was not what was asked for. */
export class ChainUnavailable extends Schema.TaggedError<ChainUnavailable>()("ChainUnavailable", {
  chain: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.chain}: ${this.problem}`
  }
}

/** The chain answered that this cannot be read: no such contract, or it refused. Asking another endpoint would not help. */
export class SourceUnreadable extends Schema.TaggedError<SourceUnreadable>()("SourceUnreadable", {
  chain: Schema.String,
  source: Schema.String,
  problem: Schema.String
}) {
  override get message() {
    return `${this.source} on ${this.chain}: ${this.problem}`
  }
}

export interface Chain {
  readonly id: ChainId
  /** About how long a block takes. */
  readonly blockMillis: number
  readonly head: Effect.Effect<BlockRef, ChainUnavailable>
  /** The block of that height that is part of the chain now; undefined above the head. */
  readonly block: (number: number) => Effect.Effect<BlockRef | undefined, ChainUnavailable>
  /** Reads a source as of a block; changes are counted from block `since` on. */
  readonly read: (source: ChainSource, at: BlockRef, since: number) => Effect.Effect<Reading, ChainUnavailable | SourceUnreadable>
  /** Calls `wake` for every new head, by subscription; fails when that ends. Undefined where only asking again tells. */
  readonly subscribe: ((wake: () => void) => Effect.Effect<never, ChainUnavailable, Scope.Scope>) | undefined
}
