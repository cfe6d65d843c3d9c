import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as NodeServices from "@effect/platform-node/NodeServices"
import { assert, describe, it } from "@effect/vitest"
import { FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { HealthRegistry } from "@evenkeel/runtime/health/HealthRegistry"
import { Policies } from "@evenkeel/runtime/resilience/Policies"
import { Supervisor } from "@evenkeel/runtime/supervision/Supervisor"
import { Effect, Layer } from "effect"
import type { CaptureRecord } from "../capture/Capture.ts"
import { exchanges } from "../exchange/Exchanges.ts"
import { noFaults } from "../simulated/Faults.ts"
import { makeConnector } from "../transport/Connector.ts"
import { FrameSink } from "../transport/FrameSink.ts"
import { makeReplayServer, type ReplayServerOptions } from "./ReplayServer.ts"

const frames = 200
const records: ReadonlyArray<CaptureRecord> = [
  {
    kind: "http",
    time: 0,
    connection: "rest",
    url: "https://venue/api/v3/depth?symbol=USDCUSDT&limit=5000",
    bytes: Buffer.from('{"lastUpdateId":1}'),
    binary: false
  },
  ...Array.from({ length: frames }, (_, n): CaptureRecord => ({
    kind: "recv",
    time: n,
    connection: "one",
    url: "",
    bytes: Buffer.from(`{"n":${n}}`),
    binary: false
  }))
]

/** Connects the real connector to a replay of the records; what arrived. */
const play = Effect.fnUntraced(function* (options: Omit<ReplayServerOptions, "records">) {
  const server = yield* makeReplayServer({ records, ...options })
  const arrived: Array<string> = []
  const snapshots: Array<string> = []
  const sink = FrameSink.of({
    offer: (source, _venue, _connection, _instrument, payload) => {
      if (source === FrameSource.socket) arrived.push(Buffer.from(payload).toString("latin1"))
      if (source === FrameSource.snapshot) snapshots.push(Buffer.from(payload).toString())
      return true
    },
    tick: () => true,
    counts: [],
    fill: () => 0
  })
  const instruments = [{ venue: "binance", symbol: "USDCUSDT", base: "USDC", quote: "USDT" }]
  yield* makeConnector({ exchange: exchanges.binance, endpoints: server.endpoints, instruments }).pipe(
    Effect.provideService(FrameSink, sink)
  )
  while (!server.done() || snapshots.length === 0) yield* Effect.sleep("10 millis")
  yield* Effect.sleep("100 millis")
  return { arrived, snapshots, server }
})

const layer = Supervisor.layer.pipe(
  Layer.provideMerge(Policies.layer()),
  Layer.provideMerge(HealthRegistry.layer),
  Layer.provideMerge(Layer.merge(NodeServices.layer, NodeHttpClient.layerUndici))
)
const sent = Array.from({ length: frames }, (_, n) => `{"n":${n}}`)

describe("ReplayServer", () => {
  it.live("plays a capture to the real connector, frames in order and REST bodies by path and symbol", () =>
    Effect.gen(function* () {
      const { arrived, snapshots } = yield* play({})
      assert.deepStrictEqual(arrived, sent)
      assert.deepStrictEqual(snapshots, ['{"lastUpdateId":1}'])
    }).pipe(Effect.scoped, Effect.provide(layer))
  )

  it.live("drops, doubles, disorders, damages and delays as it is told, the same for the same seed", () =>
    Effect.gen(function* () {
      const faults = { ...noFaults, drop: 0.05, duplicate: 0.05, reorder: 0.05, corrupt: 0.05, delay: 0.05 }
      const [first, second] = yield* Effect.forEach([1, 2], () => Effect.scoped(play({ faults, seed: 5 })))
      assert.deepStrictEqual(first!.arrived, second!.arrived)
      assert.isTrue(Object.entries(first!.server.faults.counts).every(([fault, count]) => fault === "cut" || count > 0))
      assert.notDeepEqual(first!.arrived, sent)
    }).pipe(Effect.provide(layer))
  )
})
