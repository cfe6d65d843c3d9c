/** A program that runs beside a check: waited for by what it answers, ended by its own id. */
import { type ChildProcess, spawn } from "node:child_process"
import { createServer } from "node:net"
import { setTimeout } from "node:timers/promises"

const endWithinMillis = 20_000

export class Child {
  readonly #process: ChildProcess
  readonly #ended: Promise<void>
  #said = ""

  constructor(command: string, args: ReadonlyArray<string>, environment: NodeJS.ProcessEnv) {
    this.#process = spawn(command, args, { env: environment, stdio: ["ignore", "pipe", "pipe"] })
    for (const stream of [this.#process.stdout!, this.#process.stderr!])
      stream.on("data", (chunk: Buffer) => {
        this.#said = (this.#said + chunk.toString()).slice(-20_000)
      })
    this.#ended = new Promise((resolve) => {
      this.#process.on("close", () => resolve())
      this.#process.on("error", (error) => {
        this.#said += String(error)
        resolve()
      })
    })
  }

  /** The last of what it said. */
  said() {
    return this.#said
  }

  runs() {
    return this.#process.pid !== undefined && this.#process.exitCode === null && this.#process.signalCode === null
  }

  async end() {
    if (this.runs()) this.#process.kill("SIGTERM")
    const late = new AbortController()
    await Promise.race([this.#ended, setTimeout(endWithinMillis, undefined, { signal: late.signal }).catch(() => undefined)])
    late.abort()
    if (this.runs()) this.#process.kill("SIGKILL")
    await this.#ended
  }
}

/** A port of loopback on which nothing listens at the moment. */
export const freePort = () =>
  new Promise<number>((resolve, reject) => {
    const server = createServer().on("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const address = server.address()
      server.close(() => resolve(typeof address === "object" && address !== null ? address.port : 0))
    })
  })

/** Asks four times a second until `look` gives something, or fails with what it saw last. */
export const until = async <A>(what: string, child: Child, seconds: number, look: () => Promise<A | undefined>): Promise<A> => {
  let last = ""
  for (let turn = 0; turn < seconds * 4 && child.runs(); turn++) {
    const found = await look().catch((error: unknown) => {
      last = String(error)
      return undefined
    })
    if (found !== undefined) return found
    await setTimeout(250)
  }
  throw new Error(`not within ${seconds} s: ${what}; ${last}\n${child.said()}`)
}
