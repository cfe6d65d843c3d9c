/**
 * `pnpm sim [--seed N] [--seeds M] [--processes P] [--log]`: simulates M worlds from seed N on (100 from the first, or the named one alone), each with everything that can go wrong, in a few
 * processes at once (one more than there are cores, where it is not said).
 *
 * A seed that breaks a promise, or that does not end, is printed with the last lines of its log, and the run ends with 1. `--log` with one seed prints all
 * of its log: the same seed makes the same world.
 */
import * as NodeServices from "@effect/platform-node/NodeServices"
import { startDatabase } from "@evenkeel/simulation/database/SimulatedDatabase"
import { simulate } from "@evenkeel/simulation/Simulation"
import { Effect } from "effect"
import { type ChildProcess, fork } from "node:child_process"
import { availableParallelism } from "node:os"
import { fileURLToPath } from "node:url"
import { parseArgs } from "node:util"

const { values } = parseArgs({
  options: {
    seed: { type: "string" },
    seeds: { type: "string" },
    processes: { type: "string" },
    log: { type: "boolean", default: false }
  }
})
const first = Number(values.seed ?? 1)
/** One that is named is run alone. */
const seeds = Number(values.seeds ?? (values.seed === undefined ? 100 : 1))

/** A seed that takes longer does not end. */
const seedMillisMax = 90_000
/** How often the number of worlds is told that have held. */
const toldEvery = 50
/** A world that was killed in a simulation lives on, silent, in its process's memory: a process takes no more. */
const seedsOfChild = 40
/** Of the log of a seed that breaks a promise. */
const linesShown = 60

interface Ended {
  readonly seed: number
  readonly violations: ReadonlyArray<string>
  readonly log: ReadonlyArray<string>
}

const tell = ({ log, seed, violations }: Ended) =>
  process.stdout.write(`\n${log.slice(-linesShown).join("\n")}\n\nseed ${seed}: ${violations.join("\n")}\n`)

/** Simulates its seeds one after the other, on one database. */
const simulateAll = Effect.gen(function* () {
  const database = yield* startDatabase
  for (let seed = first; seed < first + seeds; seed++) {
    const outcome = yield* simulate(seed, database)
    if (values.log) process.stdout.write(`${outcome.log.join("\n")}\n`)
    const ended: Ended = { ...outcome, log: outcome.violations.length === 0 ? [] : outcome.log.slice(-linesShown) }
    if (process.send === undefined) {
      if (ended.violations.length > 0) tell(ended)
      else process.stdout.write(`seed ${seed}: every promise held\n`)
    } else process.send(ended)
  }
}).pipe(Effect.scoped, Effect.provide(NodeServices.layer))

const secondsSince = (began: number) => Math.round((performance.now() - began) / 1000)

/** Simulates some seeds in a process of its own; how many held. Tells `fail` of the one that did not. */
const inChild = (from: number, count: number, fail: (ended: Ended) => void, passed: () => void) =>
  new Promise<void>((resolve) => {
    let next = from
    const args = ["--seed", String(from), "--seeds", String(count)]
    const child: ChildProcess = fork(fileURLToPath(import.meta.url), args, { execArgv: [...process.execArgv, "--single-threaded-gc"] })
    const failed = (ended: Ended) => {
      fail(ended)
      child.kill("SIGKILL")
    }
    let patience: NodeJS.Timeout
    const wait = () => {
      clearTimeout(patience)
      patience = setTimeout(() => failed({ seed: next, violations: ["it does not end"], log: [] }), seedMillisMax)
    }
    wait()
    child.on("message", (ended: Ended) => {
      wait()
      next = ended.seed + 1
      if (ended.violations.length > 0) failed(ended)
      else passed()
    })
    child.on("exit", (code) => {
      clearTimeout(patience)
      if (code !== null && code !== 0) fail({ seed: next, violations: [`its process ended with ${code}`], log: [] })
      resolve()
    })
  })

const inChildren = async () => {
  const began = performance.now()
  const processes = Number(values.processes ?? availableParallelism() + 1)
  const each = Math.min(seedsOfChild, Math.ceil(seeds / processes))
  const failed: Array<Ended> = []
  let passed = 0
  let next = first
  const fail = (ended: Ended) => {
    failed.push(ended)
    tell(ended)
  }
  const pass = () => {
    if (++passed % toldEvery === 0) process.stdout.write(`${passed} of ${seeds} held, ${secondsSince(began)} s\n`)
  }
  const run = async () => {
    while (next < first + seeds && failed.length === 0) {
      const from = next
      next = Math.min(first + seeds, from + each)
      await inChild(from, next - from, fail, pass)
    }
  }
  await Promise.all(Array.from({ length: processes }, run))
  const lowest = failed.map(({ seed }) => seed).sort((a, b) => a - b)[0]
  process.stdout.write(
    `\n${passed} passed, ${failed.length} failed in ${secondsSince(began)} s${lowest === undefined ? "" : `; the lowest seed that failed: ${lowest}`}\n`
  )
  return failed.length === 0 ? 0 : 1
}

const isChild = process.send !== undefined
const code = isChild || seeds === 1 ? await Effect.runPromise(Effect.as(simulateAll, 0)) : await inChildren()
// The database's thread would keep the process alive.
process.stdout.write("", () => process.exit(code))
