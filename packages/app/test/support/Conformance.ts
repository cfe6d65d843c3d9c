/**
 * One conformance suite for every venue: the real connector over real sockets, against a venue that speaks the real protocol and
 * misbehaves on purpose. In every case the book is right, or it is marked stale and becomes right again.
 *
 * A venue of one's own passes it by the same call: `conformance("mine", { venue, dialect, symbolOf })`.
 */
import { assert, describe, it } from "@effect/vitest"
import { type Exchange, messageIn } from "@evenkeel/connectors/exchange/Exchange"
import { noFaults } from "@evenkeel/connectors/simulated/Faults"
import { scenarios } from "@evenkeel/connectors/simulated/Scenario"
import { FrameOutcome, FrameSource } from "@evenkeel/domain/market/FrameDecoder"
import { Effect } from "effect"
import { conformanceLayer as layer, type ConformingVenue, connect, instrumentsOf, localHotPath } from "./ConnectedVenue.ts"
import { localVenue } from "./LocalVenue.ts"

/** Feeds whose books carry no id: a lost frame cannot be noticed. */
const unnumbered = ({ verifiedBy }: Exchange) => verifiedBy === "nothing" || verifiedBy === "times"

/** As live, but for waits and pacing that would make each case minutes long. */
const hasty = (exchange: Exchange): Exchange => ({
  ...exchange,
  silenceMax: "20 seconds",
  quietMax: "60 seconds",
  messagesPerSecond: 200,
  ping: exchange.ping === undefined ? undefined : { ...exchange.ping, every: "1 second" }
})

export const conformance = (name: string, live: ConformingVenue) => {
  const exchange = hasty(live.venue.exchange)
  const as = (changes: Partial<Exchange> = {}): ConformingVenue => ({
    ...live,
    venue: { ...live.venue, exchange: { ...exchange, ...changes } }
  })

  describe.concurrent(name, () => {
    it.live(
      "builds every book as the venue has it, over several connections, and keeps it while it changes",
      () =>
        Effect.gen(function* () {
          const { booksAreRight, seen, until, venue } = yield* connect(as({ instrumentsPerConnection: 2 }), {
            idPrefix: "90071992547",
            skewMillis: 3_600_000
          })
          yield* booksAreRight
          assert.strictEqual(venue.connections(), 2)
          const before = seen.frames
          yield* until("a hundred more frames", () => seen.frames > before + 100)
          // A message of an unknown kind is counted, and changes nothing.
          venue.broadcast('{"surprise":{"party":[1,2,{"three":"four"}]}}')
          yield* until("it is counted on each connection", () => seen.refusals.length >= 2)
          yield* booksAreRight
          assert.deepStrictEqual(seen.resyncs, [])
          assert.strictEqual(seen.ends, 0)
          assert.isTrue(
            seen.refusals.every((outcome) => outcome === FrameOutcome.unknown),
            String(seen.refusals)
          )
          assert.strictEqual(seen.refusals.length, venue.connections())
        }).pipe(Effect.scoped, Effect.provide(layer)),
      60_000
    )

    it("keeps every book while the price moves by more than the spread at once", () => {
      const reasons: Array<string> = []
      const moves = playFast(as(), (reason) => reasons.push(reason))
      assert.isAbove(moves, 20)
      assert.deepStrictEqual(reasons, [])
    })

    it.live(
      "reconnects after a close, with every book stale until it is right again",
      () =>
        Effect.gen(function* () {
          const { booksAreRight, seen, until, venue } = yield* connect(as())
          yield* booksAreRight
          for (const code of [1001, 1012, 4001]) {
            const { ends } = seen
            venue.disconnect(code)
            yield* until("the connection has ended", () => seen.ends > ends)
            yield* booksAreRight
          }
          assert.isTrue(seen.staleAtEnd)
        }).pipe(Effect.scoped, Effect.provide(layer)),
      60_000
    )

    it.live(
      "finds frames that are lost, doubled, out of order, late or damaged, and comes back to the venue's books",
      () =>
        Effect.gen(function* () {
          const { booksAreRight, marketMoves, seen, until, venue } = yield* connect(as())
          yield* booksAreRight
          venue.faults.rates = unnumbered(exchange)
            ? { ...noFaults, corrupt: 0.02 }
            : { drop: 0.02, duplicate: 0.03, reorder: 0.02, corrupt: 0.01, delay: 0.02, cut: 0 }
          yield* until("faults enough", () => Object.values(venue.faults.counts).reduce((sum, count) => sum + count, 0) > 25)
          venue.faults.rates = noFaults
          // Whole books come again and again: a loss is mended by the next one.
          if (exchange.verifiedBy !== "whole books") assert.isAbove(seen.resyncs.length, 0)
          venue.faults.release()
          // A loss is noticed with the book's next change.
          yield* marketMoves
          yield* booksAreRight
          assert.isTrue(
            seen.refusals.every(
              (outcome) => outcome === FrameOutcome.malformed || outcome === FrameOutcome.unknown || outcome === FrameOutcome.unlisted
            ),
            String(seen.refusals)
          )
        }).pipe(Effect.scoped, Effect.provide(layer)),
      90_000
    )

    it.live(
      "notices a venue that accepts and never speaks, and connects anew",
      () =>
        Effect.gen(function* () {
          const { booksAreRight, reported, venue } = yield* connect(as({ silenceMax: "2 seconds" }))
          yield* booksAreRight
          venue.mute = true
          yield* reported(silence)
          venue.mute = false
          yield* booksAreRight
        }).pipe(Effect.scoped, Effect.provide(layer)),
      60_000
    )

    it.live(
      "tells a quiet market, which it leaves alone, from healthy pings without data, which it leaves",
      () =>
        Effect.gen(function* () {
          const { bookState, booksAreRight, own, right, seen, until, venue } = yield* connect(as({ quietMax: "400 millis" }))
          yield* booksAreRight
          venue.pause = true
          yield* until("the last changes have arrived", right)
          const asked = venue.restCalls
          yield* until("every book was compared twice with the venue's", () => venue.restCalls > asked + 3 * own.length)
          assert.strictEqual(seen.ends, 0)
          assert.isTrue(own.every((_, instrument) => bookState(instrument) === 1))
          venue.pause = false
          venue.stall()
          yield* until("the dead connection is left", () => seen.ends > 0)
          yield* booksAreRight
        }).pipe(Effect.scoped, Effect.provide(layer)),
      60_000
    )

    it.live(
      "polls books while no socket can be had in maintenance, and goes back to sockets",
      () =>
        Effect.gen(function* () {
          const { booksAreRight, own, reported, right, seen, until, venue } = yield* connect(as())
          yield* booksAreRight
          venue.refuseSockets = true
          venue.disconnect(1012)
          yield* reported("polled")
          venue.pause = true
          yield* until("the polled books are the venue's", right)
          venue.pause = false
          assert.isAtLeast(venue.restCalls, own.length)
          venue.refuseSockets = false
          const { frames } = seen
          yield* until("frames come again", () => venue.connections() > 0 && seen.frames > frames + 20, 60)
          yield* booksAreRight
        }).pipe(Effect.scoped, Effect.provide(layer)),
      120_000
    )

    it.live(
      "lives through cuts again and again",
      () =>
        Effect.gen(function* () {
          const { booksAreRight, until, venue } = yield* connect(as())
          venue.faults.rates = { ...noFaults, cut: 0.01 }
          yield* until("several cuts", () => venue.faults.counts.cut >= 3)
          venue.faults.rates = noFaults
          yield* booksAreRight
        }).pipe(Effect.scoped, Effect.provide(layer)),
      90_000
    )

    it.live.runIf(exchange.verifiedBy.includes("checksum"))(
      "serves no book whose checksum is wrong, once or always",
      () =>
        Effect.gen(function* () {
          const { bookState, booksAreRight, own, seen, until, venue } = yield* connect(as())
          yield* booksAreRight
          venue.badChecksums = true
          yield* until("every book is stale", () => own.every((_, instrument) => bookState(instrument) === 2))
          assert.include(seen.resyncs, "checksum")
          yield* until("a book that was built anew is refused too", () => seen.resyncs.length > own.length)
          venue.badChecksums = false
          yield* booksAreRight
        }).pipe(Effect.scoped, Effect.provide(layer)),
      60_000
    )

    it.live.runIf(exchange.resync._tag === "Snapshot")(
      "asks again after 503, and after 429 only when it may",
      () =>
        Effect.gen(function* () {
          const { bookState, booksAreRight, now, own, right, until, venue } = yield* connect(as())
          yield* booksAreRight
          venue.restStatus = 503
          venue.disconnect(1001)
          const before = venue.restCalls
          yield* until("books are asked for and refused", () => venue.restCalls >= before + own.length)
          assert.isTrue(own.every((_, instrument) => bookState(instrument) !== 1))
          venue.restStatus = 429
          venue.restHeaders = { "retry-after": "2" }
          const asked = venue.restCalls
          yield* until("it is refused for two seconds", () => venue.restCalls > asked)
          const refusedAt = yield* now
          const calls = venue.restCalls
          // One request may have been on its way.
          yield* until("it is asked again", () => venue.restCalls > calls + 1, 60)
          assert.isAtLeast((yield* now) - refusedAt, 1900)
          venue.restStatus = undefined
          venue.restHeaders = {}
          yield* until("the books are back", right, 60)
        }).pipe(Effect.scoped, Effect.provide(layer)),
      120_000
    )
  })
}

/** What the connector reports of a connection on which nothing comes. */
const silence = "nothing"

/** Market time between two steps: long enough that the price moves by more than the spread. */
const fastStepMillis = 30_000
const fastSteps = 60

/** A market that moves fast, decoded in place; how often a best bid rose to the best ask before it, or above. */
const playFast = (subject: ConformingVenue, onResync: (reason: string) => void): number => {
  const { dialect, venue } = subject
  const { exchange } = venue
  const own = instrumentsOf(subject)
  const local = localHotPath(subject)
  const scenario = scenarios.calm()
  let now = scenario.startsAt
  const simulated = localVenue({
    exchange,
    dialect,
    instruments: own,
    scenario,
    seed: 300,
    now: () => now,
    feed: (source, instrument, message) => {
      const payload = source === FrameSource.socket ? messageIn(exchange, message) : message
      local.feed({ source, venue: 0, instrument, received: now, payload })
      local.signals({ resync: (_, reason) => onResync(reason) })
    }
  })
  simulated.connect()
  let moves = 0
  for (let step = 0; step < fastSteps; step++) {
    const before = simulated.instruments.map((instrument) => instrument.best())
    now += fastStepMillis
    simulated.step()
    for (const [index, instrument] of simulated.instruments.entries()) {
      const { ask, bid } = instrument.best()
      if (bid >= before[index]!.ask || ask <= before[index]!.bid) moves++
    }
  }
  return moves
}
